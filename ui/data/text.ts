/** Every word of the page in both languages, side by side so that none can be missing. */

export const LANGUAGES = ['en', 'pt-BR'] as const;
export type Language = (typeof LANGUAGES)[number];

const TEXT = {
  'app.skip': ['Skip to content', 'Pular para o conteúdo'],
  'app.pages': ['Pages', 'Páginas'],
  'app.foot': ['Times in {zone}. Money in {currency}.', 'Horários em {zone}. Valores em {currency}.'],
  'page.live': ['Live', 'Ao vivo'],
  'page.system': ['System', 'Sistema'],
  'page.data': ['Data', 'Dados'],
  'data.note': ['Store, archive, jobs and quality', 'Banco, arquivo, tarefas e qualidade'],
  'page.failed': ['This page could not be loaded', 'Não foi possível carregar esta página'],
  'page.problems': ['{n} problems', '{n} problemas'],
  'lang.switch': ['EN. Switch to Português', 'PT. Mudar para English'],
  'lang.short': ['EN', 'PT'],
  'theme.system': ['system', 'do sistema'],
  'theme.light': ['light', 'claro'],
  'theme.dark': ['dark', 'escuro'],
  'theme.switch': ['Theme: {now}. Switch to {next}', 'Tema: {now}. Mudar para {next}'],
  'screen.full': ['Full screen', 'Tela cheia'],

  'verdict.connecting': ['CONNECTING', 'CONECTANDO'],
  'verdict.waiting': ['WAITING', 'AGUARDANDO'],
  'verdict.live': ['LIVE', 'AO VIVO'],
  'verdict.lagging': ['LAGGING', 'ATRASADO'],
  'verdict.stale': ['STALE', 'PARADO'],
  'verdict.offline': ['OFFLINE', 'SEM CONEXÃO'],
  'verdict.paused': ['PAUSED', 'PAUSADO'],
  'fresh.eventTime': ['Event time', 'Tempo do evento'],
  'fresh.lag': ['Lag', 'Atraso'],
  'fresh.p50': ['event to page, median', 'do evento à página, mediana'],
  'fresh.p99': ['event to page, 99 of 100', 'do evento à página, 99 de 100'],
  'fresh.pulse': [
    'Events received in each of the last {n} seconds; {missed} seconds without a frame',
    'Eventos recebidos em cada um dos últimos {n} segundos; {missed} segundos sem atualização',
  ],
  'fresh.pulseTitle': [
    'Events received per second, last {n} s. Red: no frame arrived.',
    'Eventos recebidos por segundo, últimos {n} s. Vermelho: nenhuma atualização chegou.',
  ],

  'banner.stale': [
    'No frame for {age}. Values below are as of {time}.',
    'Sem atualização há {age}. Os valores são de {time}.',
  ],
  'banner.openSystem': ['Open System', 'Abrir Sistema'],
  'banner.offline': [
    'Connection lost at {time}. Trying again in {wait} (attempt {attempt}). Nothing is lost: the stream resumes from where it stopped.',
    'Conexão perdida às {time}. Nova tentativa em {wait} ({attempt}ª). Nada se perde: o fluxo retoma de onde parou.',
  ],
  'banner.dialling': [
    'Connection lost at {time}. Connecting (attempt {attempt}). Nothing is lost: the stream resumes from where it stopped.',
    'Conexão perdida às {time}. Conectando ({attempt}ª). Nada se perde: o fluxo retoma de onde parou.',
  ],
  'banner.reconnect': ['Reconnect now', 'Reconectar agora'],
  'banner.held': ['Ingest is paused: what comes in waits in the log.', 'Entrada pausada: o que chega espera no log.'],
  'banner.paused': [
    'Paused at {time}. The screen is frozen, data keeps arriving: {behind} behind, {n} updates held.',
    'Pausado às {time}. A tela está congelada, os dados continuam chegando: {behind} atrás, {n} atualizações retidas.',
  ],
  'say.verdict': ['Connection: {verdict}', 'Conexão: {verdict}'],
  'say.figures': [
    '{verdict}. Orders {orders}, revenue {revenue}, {range}.',
    '{verdict}. Pedidos {orders}, receita {revenue}, {range}.',
  ],

  'bar.label': ['View and filters', 'Visão e filtros'],
  'bar.range': ['Time range', 'Período'],
  'bar.compare': ['Compare', 'Comparar'],
  'bar.yesterday': ['yesterday', 'ontem'],
  'bar.nothing': ['off', 'não'],
  'bar.filter': ['Filter', 'Filtro'],
  'bar.state': ['State', 'Estado'],
  'bar.category': ['Category', 'Categoria'],
  'bar.any': ['any', 'todos'],
  'bar.remove': ['Remove filter {what}', 'Remover filtro {what}'],
  'bar.copy': ['Copy link to this view', 'Copiar link desta visão'],
  'bar.pause': ['Pause', 'Pausar'],
  'bar.resume': ['Go live', 'Voltar ao vivo'],
  'range.15m': ['15 min', '15 min'],
  'range.1h': ['1 h', '1 h'],
  'range.6h': ['6 h', '6 h'],
  'range.24h': ['24 h', '24 h'],
  'range.7d': ['7 d', '7 d'],
  'last.15m': ['last 15 min', 'últimos 15 min'],
  'last.1h': ['last hour', 'última hora'],
  'last.6h': ['last 6 h', 'últimas 6 h'],
  'last.24h': ['last 24 h', 'últimas 24 h'],

  'kpi.band': ['Key figures, {range}', 'Números principais, {range}'],
  'kpi.revenue': ['Revenue', 'Receita'],
  'kpi.orders': ['Orders', 'Pedidos'],
  'kpi.average': ['Average order value', 'Ticket médio'],
  'kpi.customers': ['Unique customers', 'Clientes únicos'],
  'kpi.success': ['Payment success', 'Pagamentos aprovados'],
  'kpi.sales': ['Sales', 'Vendas'],
  'kpi.notHere': ['not counted with this filter', 'não contado com este filtro'],
  vs: ['vs', 'vs'],
  'vs.yesterday': ['vs yest.', 'vs ontem'],

  'chart.title': ['Revenue and orders {per}', 'Receita e pedidos {per}'],
  'chart.titleSales': ['Sales and orders {per}', 'Vendas e pedidos {per}'],
  'chart.revenue': ['Revenue, {unit} {per}', 'Receita, {unit} {per}'],
  'chart.sales': ['Sales, {unit} {per}', 'Vendas, {unit} {per}'],
  'chart.orders': ['Orders {per}', 'Pedidos {per}'],
  'per.1m': ['per minute', 'por minuto'],
  'per.5m': ['per 5 minutes', 'por 5 minutos'],
  'per.1h': ['per hour', 'por hora'],
  'chart.today': ['Today', 'Hoje'],
  'chart.yesterday': ['Yesterday', 'Ontem'],
  'chart.todayLow': ['today', 'hoje'],
  'chart.yesterdayLow': ['yesterday', 'ontem'],
  'chart.asTable': ['Show as table', 'Mostrar como tabela'],
  'chart.asChart': ['Show as chart', 'Mostrar como gráfico'],
  'chart.summary': [
    '{name} {per} from {from} to {to}: between {low} and {high}, last complete {last}. Arrow keys move the cursor.',
    '{name} {per} de {from} a {to}: entre {low} e {high}, último completo {last}. As setas movem o cursor.',
  ],
  'chart.time': ['Time', 'Hora'],
  'chart.partial': ['unfinished', 'incompleto'],
  'chart.marks': ['Incidents', 'Incidentes'],
  'mark.crashed': ['crashed', 'quebrou'],
  'mark.hung': ['hung', 'travou'],
  'mark.killed': ['was killed', 'encerrado'],
  'mark.out-of-memory': ['ran out of memory', 'ficou sem memória'],
  'mark.memory': ['passed its memory limit', 'passou do limite de memória'],
  'mark.other': ['restarted', 'reiniciado'],
  'mark.back': ['back in {ms}', 'voltou em {ms}'],
  'mark.down': ['not back yet', 'ainda não voltou'],
  'chart.noLibrary': [
    'The chart could not be loaded; here are its figures.',
    'O gráfico não carregou; estes são os números.',
  ],

  'map.title': ['Orders by state', 'Pedidos por estado'],
  'map.measure': ['Measure', 'Medida'],
  'map.orders': ['Orders', 'Pedidos'],
  'map.delta': ['vs yest.', 'vs ont.'],
  'map.label': ['Orders by state, Brazil', 'Pedidos por estado, Brasil'],
  'map.top': ['Top', 'Maior'],
  'map.change': ['Largest change', 'Maior variação'],
  'map.share': ['{share} of orders', '{share} dos pedidos'],
  'map.expected': ['{now}, yesterday {before}', '{now}, ontem {before}'],
  'map.elsewhere': ['Outside the map: {list}', 'Fora do mapa: {list}'],

  'cat.title': ['Categories', 'Categorias'],
  'cat.note': ['sales, {unit}', 'vendas, {unit}'],
  'cat.noteOrders': ['orders', 'pedidos'],
  'cat.by': ['By', 'Por'],
  'cat.bySales': ['Sales', 'Vendas'],
  'cat.byOrders': ['Orders', 'Pedidos'],
  'cat.others': ['{n} others', '{n} outras'],
  'cat.filter': ['Filter by {name}', 'Filtrar por {name}'],

  'prod.title': ['Top 10 products', '10 produtos mais vendidos'],
  'prod.product': ['Product', 'Produto'],
  'prod.units': ['Units', 'Unid.'],
  'prod.trend': ['Trend', 'Tendência'],

  'pay.title': ['Payments', 'Pagamentos'],
  'pay.approved': ['approved', 'aprovados'],
  'pay.failed': ['{n} failed', '{n} recusados'],
  'pay.failures': ['Failed share {per}', 'Parte recusada {per}'],
  'pay.byType': ['By type, share of payments', 'Por tipo, parte dos pagamentos'],
  'pay.type': ['Type', 'Tipo'],
  'pay.share': ['Share', 'Parte'],
  'pay.failedShare': ['Failed', 'Recusados'],

  'seg.title': ['Customer segments', 'Segmentos de clientes'],
  'seg.segment': ['Segment', 'Segmento'],
  'seg.customers': ['Customers', 'Clientes'],
  'seg.share': ['Share', 'Parte'],
  'seg.average': ['AOV, R$', 'Ticket, R$'],

  'fun.title': ['Conversion', 'Conversão'],
  'fun.note': ['events, {range}', 'eventos, {range}'],
  'fun.view': ['Viewed', 'Visto'],
  'fun.cart': ['Cart', 'Carrinho'],
  'fun.purchase': ['Purchase', 'Compra'],
  'fun.toCart': ['add to cart', 'põem no carrinho'],
  'fun.toPurchase': ['buy', 'compram'],

  'state.nothing': ['Nothing yet', 'Nada por enquanto'],
  'state.waiting': ['Waiting for the first event', 'Aguardando o primeiro evento'],
  'state.waitingWhy': [
    'Connected, and no event in this range. The first one appears here within a second.',
    'Conectado, e nenhum evento neste período. O primeiro aparece aqui em até um segundo.',
  ],
  'state.widen': ['Widen to 24 h', 'Ampliar para 24 h'],
  'state.error': ['This panel could not be computed', 'Não foi possível calcular este painel'],
  'state.retry': ['Try again', 'Tentar de novo'],
  'state.notHere': ['Not counted with this filter', 'Não contado com este filtro'],
  'state.notHereWhy': [
    'This breakdown is kept for the whole shop, not for a single {what}.',
    'Este detalhamento existe para a loja toda, não por {what}.',
  ],
  'what.state': ['state', 'estado'],
  'what.category': ['category', 'categoria'],

  'delta.better': ['better', 'melhor'],
  'delta.worse': ['worse', 'pior'],
  'system.note': ['States and commands come from the supervisor.', 'Estados e comandos vêm do supervisor.'],
  'system.pause': ['Pause ingest', 'Pausar entrada'],
  'system.resume': ['Resume ingest', 'Retomar entrada'],
  'system.audit': ['Audit', 'Auditoria'],
} as const;

export type TextKey = keyof typeof TEXT;

export function isTextKey(key: string): key is TextKey {
  return key in TEXT;
}

/** The text of a key, with `{name}` replaced. */
export function translate(
  language: Language,
  key: TextKey,
  values: Readonly<Record<string, string | number>> = {},
): string {
  return fillWords(TEXT[key], language, values);
}

/** Of a pair, English and Portuguese, the words of that language, with each `{name}` replaced. */
export function fillWords(
  pair: readonly [string, string],
  language: Language,
  values: Readonly<Record<string, string | number>>,
): string {
  const text = pair[language === 'en' ? 0 : 1];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
