/** The words of the System page in both languages, apart from the page's others as this page is fetched when opened. */
import { locale } from '../../data/locale.ts';
import { fillWords } from '../../data/text.ts';

const WORDS = {
  title: ['System', 'Sistema'],
  'verdict.title': ['System verdict', 'Veredito do sistema'],
  'verdict.ok': ['Healthy', 'Saudável'],
  'verdict.degraded': ['Degraded', 'Degradado'],
  'verdict.failing': ['Failing', 'Com falha'],
  'verdict.unknown': ['Unknown', 'Desconhecido'],
  'verdict.allRunning': ['every actor is running', 'todos os atores ativos'],
  'verdict.noNews': ['no word from the supervisor', 'sem notícias do supervisor'],
  'stat.actors': ['Actors', 'Atores'],
  'stat.ofRunning': ['of {n} running', 'de {n} ativos'],
  'stat.uptime': ['Uptime', 'No ar há'],
  'stat.epoch': ['epoch {n}', 'época {n}'],
  'stat.events': ['Events in, out', 'Eventos entrada, saída'],
  'stat.endToEnd': ['End to end', 'Ponta a ponta'],
  'stat.watermark': ['Watermark lag', 'Atraso da marca'],
  'stat.hot': ['Hot store', 'Dados quentes'],
  'stat.zombies': ['Left behind', 'Abandonados'],
  'stat.clients': ['Clients', 'Clientes'],
  'stat.webSocket': ['WebSocket', 'WebSocket'],

  'pipe.title': ['Pipeline', 'Fluxo'],
  'pipe.note': [
    'messages waiting and age of the oldest, share of time busy; messages per second on each edge',
    'mensagens à espera e idade da mais antiga, tempo ocupado; mensagens por segundo em cada ligação',
  ],
  'pipe.waiting': ['{n} waiting', '{n} na fila'],
  'pipe.held': ['held', 'retido'],
  'pipe.clients': ['{n} clients', '{n} clientes'],
  'pipe.client': ['1 client', '1 cliente'],

  'tree.title': ['Actors', 'Atores'],
  'tree.note': ['{n} · {s} supervisors', '{n} · {s} supervisores'],
  'tree.filter': ['Filter actors', 'Filtrar atores'],
  'tree.rows': ['Rows', 'Linhas'],
  'tree.all': ['All', 'Todos'],
  'tree.problems': ['Problems {n}', 'Problemas {n}'],
  'tree.none': ['No actor matches', 'Nenhum ator corresponde'],
  'tree.noProblems': ['No actor has a problem', 'Nenhum ator com problema'],
  'tree.hint': ['Arrow keys move and fold, Enter opens details', 'Setas movem e recolhem, Enter abre os detalhes'],
  'col.actor': ['Actor', 'Ator'],
  'col.state': ['State', 'Estado'],
  'col.epoch': ['Epoch', 'Época'],
  'col.restarts': ['Restarts', 'Reinícios'],
  'col.mailbox': ['Mailbox', 'Caixa'],
  'col.oldest': ['Oldest', 'Mais antiga'],
  'col.rate': ['Msg/s', 'Msg/s'],
  'col.busy': ['Busy', 'Ocupado'],
  'col.lastExit': ['Last exit', 'Última saída'],
  'col.retry': ['Retry', 'Retomada'],
  'tree.budget': ['{used} of {budget} restarts in {period}', '{used} de {budget} reinícios em {period}'],

  'state.running': ['Running', 'Ativo'],
  'state.starting': ['Starting', 'Iniciando'],
  'state.waiting': ['Waiting', 'Aguardando'],
  'state.backing-off': ['Backoff', 'Em espera'],
  'state.restarting': ['Restarting', 'Reiniciando'],
  'state.draining': ['Draining', 'Esvaziando'],
  'state.stopped': ['Stopped', 'Parado'],
  'state.failed': ['Failed', 'Falhou'],
  'state.unresponsive': ['Unresponsive', 'Sem resposta'],

  'exit.normal': ['ended', 'terminou'],
  'exit.shutdown': ['stopped', 'parado'],
  'exit.killed': ['killed', 'encerrado'],
  'exit.crashed': ['crashed', 'quebrou'],
  'exit.hung': ['hung', 'travou'],
  'exit.out-of-memory': ['out of memory', 'sem memória'],
  'exit.memory': ['over its memory limit', 'acima da memória'],
  'exit.start-timeout': ['start timed out', 'início demorou'],
  'exit.gave-up': ['gave up', 'desistiu'],
  'exit.failed-to-start': ['failed to start', 'não iniciou'],
  'exit.auto-shutdown': ['all done', 'concluído'],

  'drawer.close': ['Close', 'Fechar'],
  'drawer.commands': ['Commands', 'Comandos'],
  'drawer.noToken': [
    'Commands need the address that pulso printed at its start: it carries the token.',
    'Comandos exigem o endereço mostrado ao iniciar: ele leva o token.',
  ],
  'drawer.supervisor': [
    'A supervisor takes no commands of its own: choose one of its actors.',
    'Um supervisor não recebe comandos: escolha um ator.',
  ],
  'drawer.noHistory': ['Nothing has happened to it yet', 'Nada aconteceu com ele ainda'],
  'drawer.lastError': ['Last exit', 'Última saída'],
  'drawer.facts': ['Figures', 'Números'],
  'fact.kind': ['Type', 'Tipo'],
  'fact.worker': ['worker thread', 'thread'],
  'fact.supervisor': ['supervisor', 'supervisor'],
  'fact.strategy': ['Strategy', 'Estratégia'],
  'fact.restart': ['Restart', 'Reinício'],
  'fact.epoch': ['Epoch', 'Época'],
  'fact.running': ['Up', 'Ativo há'],
  'fact.budget': ['Budget', 'Limite'],
  'fact.budgetValue': ['{used} of {budget} in {period}', '{used} de {budget} em {period}'],
  'fact.restarts': ['Restarts', 'Reinícios'],
  'fact.mailbox': ['Mailbox', 'Caixa'],
  'fact.bytes': ['Bytes', 'Bytes'],
  'fact.oldest': ['Oldest', 'Mais antiga'],
  'fact.rate': ['Msg/s', 'Msg/s'],
  'fact.handled': ['Handled', 'Tratadas'],
  'fact.busy': ['Busy', 'Ocupado'],
  'fact.heap': ['Heap', 'Memória'],
  'fact.external': ['Buffers', 'Buffers'],
  'fact.handling': ['In work', 'Em trabalho'],
  'fact.limits': ['Loop, handler', 'Laço, tarefa'],
  'fact.waiting': ['Waits for', 'Aguarda'],
  'fact.retry': ['Retry in', 'Retoma em'],
  'fact.children': ['Children', 'Filhos'],

  'cmd.restart': ['Restart', 'Reiniciar'],
  'cmd.stop': ['Stop', 'Parar'],
  'cmd.start': ['Start', 'Iniciar'],
  'cmd.kill': ['Kill', 'Encerrar'],
  'cmd.reason': ['Reason', 'Motivo'],
  'cmd.cancel': ['Cancel', 'Cancelar'],
  'cmd.requested': ['{command} requested', '{command} solicitado'],
  'cmd.done': ['{command}: acknowledged by the supervisor', '{command}: confirmado pelo supervisor'],
  'cmd.refused': ['{command} refused: {why}', '{command} recusado: {why}'],
  'cmd.drain': ['Drain', 'Esvaziar'],
  'cmd.fault': ['Inject fault', 'Injetar falha'],
  'cmd.order': ['Order id', 'Id do pedido'],
  'cmd.faults': ['Fault injection', 'Injeção de falhas'],
  'fault.crash': ['Its next handler throws.', 'O próximo tratamento lança um erro.'],
  'fault.hang': ['It loops for ever.', 'Entra em laço sem fim.'],
  'fault.block': ['Its thread waits for ever.', 'A thread espera para sempre.'],
  'fault.stall': ['Its handlers never end.', 'Os tratamentos nunca terminam.'],
  'fault.oom': ['Its memory grows until it ends.', 'A memória cresce até o fim.'],
  'fault.slow': ['200 ms more a batch, for 10 s.', '200 ms a mais por lote, por 10 s.'],
  'fault.drop-link': ['Its links close and are laid again.', 'As ligações fecham e são refeitas.'],
  'fault.poison': ['It dies whenever it handles that order.', 'Morre sempre que trata esse pedido.'],
  'impact.title': ['{command} now: what happens', '{command} agora: o que acontece'],
  'impact.impossible': ['Not now: {why}', 'Agora não: {why}'],
  'impact.restart': [
    'Finishes its message and starts again with epoch {next}. Uses no restart of the budget.',
    'Termina a mensagem e inicia de novo na época {next}. Não usa o limite de reinícios.',
  ],
  'impact.stop': ['Finishes its work and stays stopped until Start.', 'Termina o trabalho e fica parado até Iniciar.'],
  'impact.drain': [
    'Waits until it has finished its work; it stays stopped until Start.',
    'Espera terminar o trabalho; fica parado até Iniciar.',
  ],
  'impact.start': ['Starts it with epoch {next}.', 'Inicia na época {next}.'],
  'impact.kill': [
    'Ends the thread at once, whatever it does. It starts again with epoch {next}.',
    'Encerra a thread na hora. Inicia de novo na época {next}.',
  ],
  'impact.stops': ['{n} actors go down: {names}.', '{n} atores param: {names}.'],
  'impact.budget': [
    'Uses restart {used} of {budget} in {period} of {of}.',
    'Usa o reinício {used} de {budget} em {period} de {of}.',
  ],
  'impact.spent': ['That is one too many: {of} gives up.', 'É um a mais: {of} desiste.'],
  'impact.ends': ['The whole process ends.', 'O processo inteiro termina.'],
  'impact.replay': [
    'About {n} events are read again from the log. None is lost, none counts twice.',
    'Cerca de {n} eventos são relidos. Nenhum se perde, nenhum conta duas vezes.',
  ],
  'impact.lane': [
    'The figures of its partitions stand still until it runs again.',
    'Os números de suas partições ficam parados até que volte.',
  ],
  'impact.gateway': [
    'This page and every client lose the connection for a moment.',
    'Esta página e todos os clientes perdem a conexão por um instante.',
  ],
  'impact.log-writer': [
    'Events are refused with 503 until it runs again.',
    'Eventos são recusados com 503 até que volte.',
  ],
  'impact.reader': [
    'Queries of ranges, orders and dead letters fail until it runs again.',
    'Consultas de períodos, pedidos e rejeitados falham até que volte.',
  ],
  'impact.generator': [
    'No demo orders come in until it runs again.',
    'Nenhum pedido de demonstração entra até que volte.',
  ],

  'inc.title': ['Incidents', 'Incidentes'],
  'inc.note': ['also shown as marks on the Live charts', 'também como marcas nos gráficos ao vivo'],
  'inc.none': ['No incident in this range', 'Nenhum incidente neste período'],
  'inc.more': ['and {n} more actors', 'e mais {n} atores'],
  'inc.and': ['{what} +{n}', '{what} +{n}'],
  'inc.kind': ['Kind', 'Tipo'],
  'inc.all': ['All', 'Todos'],
  'inc.deaths': ['Deaths', 'Mortes'],
  'inc.commands': ['Commands', 'Comandos'],
  'inc.other': ['Other', 'Outros'],
  'inc.seen': ['seen after {ms}', 'notado após {ms}'],
  'inc.recovered': ['recovered in {ms}', 'voltou em {ms}'],
  'inc.open': ['not back yet', 'ainda não voltou'],
  'inc.down': ['down', 'parado'],
  'inc.cut': ['the process ended first', 'o processo terminou antes'],
  'inc.strip': ['State, shown range', 'Estado no período'],
  'inc.stripSays': ['{n} times down', '{n} vezes parado'],

  'audit.title': ['Audit', 'Auditoria'],
  'audit.none': ['No command since the process started', 'Nenhum comando desde o início do processo'],
  'audit.at': ['Time', 'Hora'],
  'audit.what': ['Command', 'Comando'],
  'audit.on': ['On', 'Em'],
  'audit.outcome': ['Outcome', 'Resultado'],
  'audit.from': ['From', 'De'],
  'audit.accepted': ['Accepted', 'Aceito'],
  'audit.refused': ['Refused', 'Recusado'],
  'audit.pending': ['Pending', 'Pendente'],

  'event.starting': ['Starting', 'Iniciando'],
  'event.running': ['Running', 'Ativo'],
  'event.start-failed': ['Start failed', 'Início falhou'],
  'event.exited': ['Exited', 'Saiu'],
  'event.hung': ['Hung', 'Travou'],
  'event.terminated': ['Terminated', 'Encerrado'],
  'event.zombie': ['Left behind', 'Abandonado'],
  'event.zombie-ended': ['Left one ended', 'Abandonado saiu'],
  'event.backing-off': ['Backoff', 'Em espera'],
  'event.group-restart': ['Group restart', 'Reinício em grupo'],
  'event.gave-up': ['Gave up', 'Desistiu'],
  'event.auto-shutdown': ['All done', 'Concluído'],
  'event.stopping': ['Stopping', 'Parando'],
  'event.stopped': ['Stopped', 'Parado'],
  'event.shutdown-error': ['Error at stop', 'Erro ao parar'],
  'event.command': ['Command', 'Comando'],
  'event.added': ['Added', 'Adicionado'],
  'event.deleted': ['Removed', 'Removido'],
  'event.dropped': ['Dropped', 'Descartado'],
  'event.poison': ['Poison', 'Veneno'],
  'event.memory': ['Memory', 'Memória'],
  'event.struck': ['Struck', 'Atingido'],
  'event.relinked': ['Relinked', 'Religado'],

  'page.error': ['The supervisor cannot be asked', 'Não foi possível consultar o supervisor'],
} as const;

export type WordKey = keyof typeof WORDS;

/** The words of a key in the page's language, with `{name}` replaced. */
export function say(key: WordKey, values: Readonly<Record<string, string | number>> = {}): string {
  return fillWords(WORDS[key], locale.language, values);
}

/** As `say` for a key made from data: what has no words here is shown as it came. */
export function sayOf(group: 'state' | 'exit' | 'event' | 'impact' | 'audit', name: string): string {
  const key = `${group}.${name}`;
  return key in WORDS ? say(key as WordKey) : name;
}

/** An exit reason, a command or the kind of an event. */
export function sayWhat(what: string): string {
  const group = (['exit', 'cmd', 'event'] as const).find((name) => `${name}.${what}` in WORDS);
  return group === undefined ? what : say(`${group}.${what}` as WordKey);
}

export function hasWords(group: 'impact', name: string): boolean {
  return `${group}.${name}` in WORDS;
}
