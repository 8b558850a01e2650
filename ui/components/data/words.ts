/** The words of the Data page in both languages, apart from the page's others as this page is fetched when opened. */
import { formatNumber } from '../../data/format.ts';
import { locale } from '../../data/locale.ts';
import { fillWords } from '../../data/text.ts';

const WORDS = {
  'store.title': ['Hot store', 'Banco quente'],
  'store.note': ['recent data', 'dados recentes'],
  'store.noteBudget': ['recent data, archived from {mb} MB on', 'dados recentes, arquivados a partir de {mb} MB'],
  'store.of': ['of {mb} MB, {share}', 'de {mb} MB, {share}'],
  'store.mb': ['MB', 'MB'],
  'store.gauge': ['{used} of {budget} MB used, {share}', '{used} de {budget} MB em uso, {share}'],
  'store.rate': ['{rate} MB/min', '{rate} MB/min'],
  'store.history': ['Size since this page was opened', 'Tamanho desde que esta página foi aberta'],
  'store.over': [
    'Over the budget: what is oldest is being archived, or cannot be.',
    'Acima do limite: o mais antigo está sendo arquivado, ou não pode ser.',
  ],
  'store.unknown': ['The store has not been measured yet', 'O banco ainda não foi medido'],
  'store.archive': ['Archive now', 'Arquivar agora'],

  'archive.title': ['Archive batches', 'Lotes do arquivo'],
  'archive.note': ['{n} newest, {mb} MB', '{n} mais recentes, {mb} MB'],
  'archive.none': ['Nothing is archived yet', 'Nada arquivado ainda'],
  'archive.noneWhy': [
    'Batches appear once the hot store is over its budget.',
    'Lotes aparecem quando o banco quente passa do limite.',
  ],
  'archive.absent': ['This pulso does not answer for its archive', 'Este pulso não responde por seu arquivo'],
  'archive.batch': ['Batch', 'Lote'],
  'archive.state': ['State', 'Estado'],
  'archive.rows': ['Rows', 'Linhas'],
  'archive.window': ['Window', 'Período'],
  'archive.day': ['Day', 'Dia'],
  'archive.verified': ['Verified', 'Conferido'],
  'archive.equal': ['sum equal', 'soma igual'],
  'archive.reading': ['reading back', 'relendo'],
  'archive.more': ['and {n} more', 'e mais {n}'],
  'archive.foot': [
    'Order of states: PLANNED, WRITTEN, VERIFIED, COMMITTED, DELETED. Rows leave the hot store only after the commit.',
    'Ordem: PLANNED, WRITTEN, VERIFIED, COMMITTED, DELETED. As linhas só saem do banco quente após a confirmação.',
  ],

  'jobs.title': ['Job runs', 'Execuções'],
  'jobs.note': ['last {n} runs of each job, height is duration', 'últimas {n} de cada tarefa, altura é a duração'],
  'jobs.none': ['There are no jobs here', 'Não há tarefas aqui'],
  'jobs.job': ['Job', 'Tarefa'],
  'jobs.older': ['older', 'antigas'],
  'jobs.latest': ['latest', 'recentes'],
  'jobs.last': ['Median, success, next', 'Mediana, sucesso, próxima'],
  'jobs.plain': ['plain: done', 'lisa: concluída'],
  'jobs.every': ['every {period}', 'a cada {period}'],
  'jobs.everyMinute': ['every minute', 'a cada minuto'],
  'jobs.everyHour': ['every hour', 'a cada hora'],
  'jobs.in': ['in {time}', 'em {time}'],
  'jobs.due': ['due', 'na hora'],
  'jobs.running': ['running', 'em curso'],
  'jobs.elsewhere': ['elsewhere', 'em outro'],
  'jobs.never': ['never ran', 'nunca rodou'],
  'jobs.row': ['Runs of {job}', 'Execuções de {job}'],
  'jobs.asTable': ['Show as table', 'Mostrar como tabela'],
  'jobs.asRuns': ['Show as bars', 'Mostrar como barras'],
  'run.done': ['done', 'concluída'],
  'run.failed': ['failed', 'falhou'],
  'run.retried': ['done after retry', 'concluída após nova tentativa'],
  'run.lost': ['cut off', 'interrompida'],
  'run.running': ['running', 'em curso'],
  'run.label': ['{job}, {outcome}, {time}', '{job}, {outcome}, {time}'],
  'run.started': ['Started', 'Início'],
  'run.duration': ['Duration', 'Duração'],
  'run.outcome': ['Outcome', 'Resultado'],
  'run.attempt': ['Try', 'Tentativa'],
  'run.trigger': ['Started by', 'Iniciada por'],
  'trigger.schedule': ['schedule', 'agenda'],
  'trigger.retry': ['retry', 'nova tentativa'],
  'trigger.person': ['a person', 'uma pessoa'],
  'run.log': ['Log', 'Registro'],
  'run.noLog': ['It said nothing', 'Não disse nada'],
  'run.loading': ['Reading its log', 'Lendo o registro'],
  'run.gone': ['Its log is no longer kept', 'O registro não é mais guardado'],
  'run.close': ['Close', 'Fechar'],

  'now.run': ['Run now', 'Executar agora'],
  'now.runJob': ['Run {job} now', 'Executar {job} agora'],
  'now.archive': ['Archive now', 'Arquivar agora'],
  'now.reason': ['Reason', 'Motivo'],
  'now.cancel': ['Cancel', 'Cancelar'],
  'now.title': ['{what}: what happens', '{what}: o que acontece'],
  'now.once': [
    'It runs once, at once. Its schedule stays as it is.',
    'Roda uma vez, agora. A agenda continua como está.',
  ],
  'now.retries': [
    'When it fails it is tried up to {n} more times; a run may take {limit}.',
    'Se falhar, são até {n} novas tentativas; uma execução pode levar {limit}.',
  ],
  'now.audit': ['It is noted in the audit list, with your reason.', 'Fica na lista de auditoria, com o motivo.'],
  'now.archiveWhat': [
    'What is over the budget is written, read back, committed, and then leaves the hot store.',
    'O que passa do limite é escrito, relido, confirmado e só então sai do banco quente.',
  ],
  'now.noToken': [
    'Commands need the address that pulso printed when it started: it carries the token.',
    'Comandos exigem o endereço que o pulso mostrou ao iniciar: ele leva o token.',
  ],
  'now.requested': ['{what}: requested', '{what}: solicitado'],
  'now.done': ['{what}: accepted', '{what}: aceito'],
  'now.refused': ['{what}: refused. {why}', '{what}: recusado. {why}'],

  'quality.title': ['Data quality', 'Qualidade dos dados'],
  'quality.allWell': ['all in order', 'tudo em ordem'],
  'quality.trouble': ['{n} findings to look at', '{n} pontos de atenção'],
  'quality.none': ['No monitor has judged yet', 'Nenhum monitor avaliou ainda'],
  'quality.finding': ['Finding', 'Avaliação'],
  'quality.since': ['Since', 'Desde'],
  'severity.ok': ['OK', 'OK'],
  'severity.warning': ['Warning', 'Atenção'],
  'severity.critical': ['Critical', 'Crítico'],
  'ledger.title': ['Ledger', 'Balanço'],
  'ledger.note': ['every event has one outcome', 'todo evento tem um desfecho'],
  'ledger.in': ['In', 'Entrada'],
  'ledger.counted': ['Counted', 'Contados'],
  'ledger.late': ['Late', 'Atrasados'],
  'ledger.dead': ['Dead letters', 'Rejeitados'],
  'ledger.duplicates': ['Duplicates', 'Duplicados'],
  'ledger.lag': ['Lag', 'Na fila'],
  'ledger.partition': ['Partition', 'Partição'],
  'ledger.empty': ['No event has come in', 'Nenhum evento chegou'],
  'letters.title': ['Dead letters', 'Rejeitados'],
  'letters.note': ['newest {n}', '{n} mais recentes'],
  'letters.none': ['Every event could be read', 'Todo evento pôde ser lido'],
  'letters.reason': ['Reason', 'Motivo'],
  'letters.field': ['Field', 'Campo'],
  'letters.place': ['Place', 'Lugar'],
  'letters.at': ['At', 'Hora'],
  'letters.excerpt': ['Excerpt', 'Trecho'],
  'reason.not-json': ['not JSON', 'não é JSON'],
  'reason.not-an-object': ['not an object', 'não é um objeto'],
  'reason.unknown-type': ['unknown type', 'tipo desconhecido'],
  'reason.missing-field': ['field missing', 'falta um campo'],
  'reason.bad-value': ['bad value', 'valor inválido'],
  'reason.too-large': ['too large', 'grande demais'],
  'reason.poison': ['ended its actor', 'derrubou seu ator'],
} as const;

export type WordKey = keyof typeof WORDS;

/** The words of a key in the page's language, with `{name}` replaced. */
export function say(key: WordKey, values: Readonly<Record<string, string | number>> = {}): string {
  return fillWords(WORDS[key], locale.language, values);
}

/** As `say` for a key made from data: what has no words here is shown as it came. */
export function sayOf(group: 'run' | 'trigger' | 'severity' | 'reason', name: string): string {
  const key = `${group}.${name}`;
  return key in WORDS ? say(key as WordKey) : name;
}

export function megabytes(bytes: number): string {
  const value = bytes / 1e6;
  return formatNumber(value, value < 100 ? 1 : 0);
}
