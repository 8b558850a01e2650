/** The words of the System page in both languages, apart from the page's others as this page is fetched when opened. */
import { locale } from '../../data/locale.ts';

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
  'stat.clients': ['Clients', 'Clientes'],
  'stat.webSocket': ['WebSocket', 'WebSocket'],

  'pipe.title': ['Pipeline', 'Fluxo'],
  'pipe.note': [
    'messages waiting and age of the oldest, share of time at work; messages per second on each edge',
    'mensagens à espera e idade da mais antiga, parte do tempo ocupada; mensagens por segundo em cada ligação',
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
  'exit.start-timeout': ['start timed out', 'início demorou'],
  'exit.gave-up': ['gave up', 'desistiu'],
  'exit.failed-to-start': ['failed to start', 'não iniciou'],
  'exit.auto-shutdown': ['all done', 'concluído'],

  'drawer.close': ['Close', 'Fechar'],
  'drawer.commands': ['Commands', 'Comandos'],
  'drawer.noToken': [
    'Commands need the address that pulso printed when it started: it carries the token.',
    'Comandos exigem o endereço que o pulso mostrou ao iniciar: ele leva o token.',
  ],
  'drawer.supervisor': [
    'A supervisor takes no commands of its own: choose one of its actors.',
    'Um supervisor não recebe comandos: escolha um de seus atores.',
  ],
  'drawer.history': ['History', 'Histórico'],
  'drawer.noHistory': ['Nothing has happened to it yet', 'Nada aconteceu com ele ainda'],
  'drawer.lastError': ['Last exit', 'Última saída'],
  'drawer.facts': ['Figures', 'Números'],
  'fact.kind': ['Type', 'Tipo'],
  'fact.worker': ['worker thread', 'thread'],
  'fact.supervisor': ['supervisor', 'supervisor'],
  'fact.strategy': ['Strategy', 'Estratégia'],
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
  'impact.title': ['{command} now: what happens', '{command} agora: o que acontece'],
  'impact.restart': [
    'Lets it finish its message, then starts it again with epoch {next}. Uses no restart of the budget.',
    'Deixa terminar a mensagem e inicia de novo na época {next}. Não usa o limite de reinícios.',
  ],
  'impact.stop': [
    'Lets it finish its work and keeps it stopped until Start.',
    'Deixa terminar o trabalho e fica parado até Iniciar.',
  ],
  'impact.start': ['Starts it with epoch {next}.', 'Inicia na época {next}.'],
  'impact.kill': [
    'Ends the thread at once, in the middle of whatever it does. The supervisor starts it again with epoch {next}.',
    'Encerra a thread na hora, no meio do que estiver fazendo. O supervisor inicia de novo na época {next}.',
  ],
  'impact.budget': [
    'Uses restart {used} of {budget} in {period}; with none left the supervisor gives up.',
    'Usa o reinício {used} de {budget} em {period}; sem nenhum sobrando, o supervisor desiste.',
  ],
  'impact.replay': [
    '{n} waiting messages are read again from the log. None is lost, none counts twice.',
    '{n} mensagens à espera são relidas do registro. Nenhuma se perde, nenhuma conta duas vezes.',
  ],
  'impact.lane': [
    'The figures of its partitions stand still until it runs again.',
    'Os números de suas partições ficam parados até que volte.',
  ],
  'impact.gateway': [
    'This page and every client lose the connection for a moment and resume.',
    'Esta página e todos os clientes perdem a conexão por um instante e retomam.',
  ],
  'impact.log-writer': [
    'Producers wait: events are refused with 503 until it runs again.',
    'Produtores esperam: eventos são recusados com 503 até que volte.',
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
  'inc.note': ['last hour, exits, hangs, backoff and commands', 'última hora: saídas, travamentos, esperas e comandos'],
  'inc.none': ['No incident in the last hour', 'Nenhum incidente na última hora'],
  'inc.more': ['and {n} more actors', 'e mais {n} atores'],
  'inc.and': ['{what} +{n}', '{what} +{n}'],

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

  'page.error': ['The supervisor cannot be asked', 'Não foi possível consultar o supervisor'],
  'page.retry': ['Try again', 'Tentar de novo'],
} as const;

export type WordKey = keyof typeof WORDS;

/** The words of a key in the page's language, with `{name}` replaced. */
export function say(key: WordKey, values: Readonly<Record<string, string | number>> = {}): string {
  const text: string = WORDS[key][locale.language === 'en' ? 0 : 1];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** As `say` for a key made from data: what has no words here is shown as it came. */
export function sayOf(group: 'state' | 'exit' | 'event' | 'impact', name: string): string {
  const key = `${group}.${name}`;
  return key in WORDS ? say(key as WordKey) : name;
}

export function hasWords(group: 'impact', name: string): boolean {
  return `${group}.${name}` in WORDS;
}
