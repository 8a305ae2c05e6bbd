"""Grammar table of Spanish."""

# ruff: noqa: RUF001, E501, SIM905 - a table of words with typographic marks: one entry a line

from oratio.authoring.procedures.grammar.base import Grammar, words

_PERSON = r"(?:clientes?|usuarios?|pacientes?|huésped(?:es)?|llamantes?|personas?|pasajeros?|visitantes?|miembros?|cliente|interlocutor)"
_CALLER = rf"(?:(?:al|a la|a los|a las|el|la|los|las|un|una|del|de la)\s+{_PERSON}|{_PERSON}|le|lo|la|les)"
_TO_CALLER = rf"(?:le|les)?(?:\s+(?:al|a la|a los)\s+{_PERSON})?"
_SAY = r"(?:dig[ae]n?|di(?=\s)|decir|expli(?:que|ca|car)|inform(?:e|a|ar)|mencion(?:e|a|ar)|indi(?:que|ca|car)|comuni(?:que|ca|car)|recuerd(?:e|a)|recordar|aclar(?:e|a|ar)|conteste|responda|avise|avisar)"
_ASK = r"(?:pregunt(?:e|a|ar|emos|amos|arle)|consult(?:e|a|ar)\s+con|averig(?:üe|ua|uar))"
_WANT = r"(?:pid(?:a|e|an)|ped(?:ir|imos)|solicitamos|solicit(?:e|a|ar)|recoj(?:a|er)|recopil(?:e|a|ar)|anot(?:e|a|ar)|tom(?:e|a|ar)|registr(?:e|a|ar)|obteng(?:a|an)|obtener|necesitamos|requerir|requiera)"
_VERBS = (
    rf"(?:{_SAY}|{_ASK}|{_WANT}|ofre(?:zca|ce|cer)|salud(?:e|a|ar)|despíd(?:ase|ete)|despedirse|agrade(?:zca|ce|cer)|confirm(?:e|a|ar)|verifi(?:que|ca|car)|comprueb(?:e|a)|comprobar|revis(?:e|a|ar)|"
    r"bus(?:que|ca|car)|consult(?:e|a|ar)|transfier(?:a|e)|transferir|pas(?:e|a|ar)|deriv(?:e|a|ar)|comuni(?:que|ca|car)|escal(?:e|a|ar)|reserv(?:e|a|ar)|cre(?:e|a|ar)|abr(?:a|e|ir)|cierr(?:e|a)|cerrar|"
    r"enví(?:e|a)|enviar|cancel(?:e|a|ar)|actuali(?:ce|za|zar)|camb(?:ie|ia|iar)|vay(?:a|an)|ve(?=\s+al?\b)|ir(?=\s+al?\b)|vuelv(?:a|e)|volver|regres(?:e|a|ar)|contin(?:úe|úa|uar)|repit(?:a|e)|repetir|le(?:a|er)|termin(?:e|a|ar)|finali(?:ce|za|zar)|"
    r"cuelgue|esper(?:e|a|ar)|recomiend(?:e|a)|sugier(?:a|e)|discúlpese|pídale|dígale|pregúntele|explíquele|infórmele|ofrézcale|solicítele|transfiéralo|páselo|llam(?:e|a|ar)|program(?:e|a|ar)|dé|dar|nunca|no|por favor|haga|hacer|inici(?:e|a|ar)|asegúrese)(?!\w)"
)


def _reshape(text: str, subject: bool, negative: bool) -> tuple[str, bool]:
    """Unfold verbs with a pronoun at their end: `pregúntele` becomes `pregunte al cliente`."""
    folded = {
        "pregúntele": "pregunte al cliente", "pídale": "pida al cliente", "dígale": "diga al cliente", "explíquele": "explique al cliente", "infórmele": "informe al cliente",
        "ofrézcale": "ofrezca al cliente", "solicítele": "solicite al cliente", "transfiéralo": "transfiera al cliente", "páselo": "pase al cliente", "indíquele": "indique al cliente",
    }  # fmt: skip
    head, _, rest = text.partition(" ")
    return (f"{folded[head.lower()]} {rest}".strip() if head.lower() in folded else text), negative


SPANISH = Grammar(
    tag="es",
    common=frozenset(
        "el la los las y es que de en un una para con por si no del al cliente usted se su o pregunte solicite".split()
    ),
    caller=_CALLER,
    agent=r"(?:(?:usted|nosotros|tú|se|(?:el|la|un)\s+(?:agente|asistente|operador|empleado))\s+)?(?:debe(?:s|n|mos)?|tiene(?:s|n)? que|puede(?:s|n)?|hay que|necesita(?:s|mos)?|es necesario|es obligatorio)\s+",
    openers={
        "unless": words("a menos que", "salvo que", "salvo si", "excepto si", "excepto cuando"),
        "only_if": words("solo si", "sólo si", "solamente si", "únicamente si", "siempre que", "siempre y cuando"),
        "otherwise": words(
            "de lo contrario", "si no(?=[,:])", "en caso contrario", "en los demás casos", "en otro caso"
        ),
        "if": words("si", "cuando", "en caso de que", "en caso de", "en cuanto"),
        "before": words("antes de que", "antes de"),
        "after": words("después de", "tras", "pasados?", "pasadas?"),
        "until": words("hasta que", "hasta"),
    },
    adverbs=r"(?:y|pero|luego|después|entonces|primero|también|además|por favor|ahora|finalmente|por último|al final|al principio|en ese caso|siempre|inmediatamente|de inmediato|importante|nota|a continuación|en cualquier caso|pase lo que pase)\s*[,:]?\s+",
    negations=r"(?:nunca|jamás|no(?:\s+(?:debe|debes|puede|puedes|se debe|se puede|hay que|está permitido))?|bajo ningún concepto|en ningún caso|evite|evitar)(?!\w)\s*(?:nunca\s+)?",
    inner_negations=words("nunca", "jamás", "no"),
    musts=words("debe", "siempre", "obligatorio", "tiene que", "hay que"),
    verbs=_VERBS,
    firm_verbs=rf"(?:{_SAY}|{_ASK}|ofrezca|transfiera|derive|pase (?:la|al)|escale|verifique|anote|confirme|vaya al?|vuelva al?|regrese al?|continúe (?:con|en)|termine|finalice|despídase|luego|nunca)(?!\w)",
    plain_agent=r"(?:nosotros)\s+\w+",
    hearers=r"(?:recibirá|recibe)\s+\w+",
    joints=r"y luego|y después|y|e|luego|pero|sino",
    then=r"entonces",
    requests=rf"(?:(?:y|luego|primero|por favor)\s+)*(?:pida|pídale|pide|solicite|indique|diga)\s*{_TO_CALLER}\s+que\s",
    takes_if=rf"(?:{_ASK}|verifique|compruebe|pregúntele|saber|ver|confirme|{_PERSON}|solo|sólo|incluso)$",
    before_infinitive=r"(?:\b(?:a|de|que|cliente|paciente|y|o|no))$",
    never_trailing=frozenset({"en caso de", "en cuanto"}),
    acts=(
        (
            "goto",
            r"(?:vaya|ve|ir|vuelva|vuelve|volver|regrese|regresa|regresar|pase|pasa|pasar|continúe|continúa|continuar|salte)\s+(?:al?|con el|en el|hasta el)\s*(?:paso|punto|apartado)\s*(?P<step>[\w.]+)(?P<rest>.*)",
        ),
        ("repeat", r"(?:repita|repite|repetir)\s+(?:el\s+)?(?:paso|punto)\s*(?P<step>[\w.]+)(?P<rest>.*)"),
        (
            "handoff",
            rf"(?:transfiera|transfiere|transferir|pase|pasa|pasar|derive|deriva|derivar|escale|escalar|comunique|conecte|ponga|remita)\s*(?:{_CALLER}|la llamada|el caso|la consulta|la conversación)?\s*(?:directamente |inmediatamente |de inmediato )?(?:a|al|con)\s+(?P<what>(?!paso|punto).+)$",
        ),
        (
            "handoff",
            r"(?:llame|avise)\s+(?:a|al)\s+(?P<what>(?:\w+\s+){0,2}(?:supervisor|encargado|gerente|médico|enfermer\w+|técnico|responsable|superior)\b.*)",
        ),
        ("end", r"(?:termine|finalice|terminar|finalizar)\s+(?:la )?(?:llamada|conversación).*|cuelgue.*"),
        ("wait", r"esper[ea]r?\s*(?:la respuesta.*)?$"),
        ("search", r"(?:busque|buscar|consulte|consultar)\s+(?P<what>.+)"),
        (
            "ask_yes",
            rf"(?:pida|solicite|obtenga)\s*{_TO_CALLER}\s*(?:una |la |su )?(?:confirmación|consentimiento|autorización|aprobación)\b(?P<rest>.*)",
        ),
        ("whether", rf"(?:{_ASK}|verifique|compruebe|confirme)\s*{_TO_CALLER}\s*si\s+(?P<what>.+)"),
        ("request", rf"(?:pida|pide|pedir|solicite|indique|diga|recomiende)\s*{_TO_CALLER}\s+que\s+(?P<what>.+)"),
        (
            "ask_wh",
            rf"(?:{_ASK}|averigüe|anote)\s*{_TO_CALLER}\s*(?P<what>(?:(?:a|de|en|con|por|para|desde) )?(?:cuánt[oa]s?|cuál(?:es)?|qué|cuándo|dónde|cómo|quién|por qué)\b.+)",
        ),
        ("nouns", rf"(?:{_WANT}|{_ASK})\s*{_TO_CALLER}\s*:?\s*(?:por\s+)?(?P<what>.+)"),
        ("statement", rf"{_SAY}\s*{_TO_CALLER}\s+(?:de )?que\s+(?P<what>.+)"),
        (
            "tell",
            rf"(?:{_SAY}|ofre(?:zca|ce|cer)|salud(?:e|a|ar)|despíd(?:ase|ete)|despedirse|agrade(?:zca|ce|cer)|confirm(?:e|a|ar)|recomiend(?:e|a)|sugier(?:a|e)|discúlpese|lea|leer|repita|repetir|dé|dar|promet(?:a|er|as))(?!\w).*",
        ),
    ),
    says=r"(?:diga|decir|dé|dar|prometa|prometer|mencione|mencionar|revele|revelar|ofrezca|ofrecer|informe|comparta|recomiende|garantice|hable|discuta|facilite|proporcione)(?!\w)",
    manners=r"(?:sea|mantenga|hable|use|trate|sé|utilice|responda siempre)(?!\w)",
    articles=r"(?:(?:el|la|los|las|un|una|unos|unas|su|sus|al|del|cada|todos?|todas?)\s+)+",
    stop=frozenset(
        "el la los las un una de del al a en y o e u que se su sus es son está están era fue para por con si no lo le les cliente paciente usted ya aún todavía más muy cual qué cuándo cuánto como tiene ha".split()
    ),
    numbers={w: v for v, w in enumerate("cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce".split())}
    | {"veinte": 20, "treinta": 30, "cincuenta": 50, "cien": 100, "mil": 1000},
    units={
        r"días? (?:hábil(?:es)?|laborables?)": "working_days",
        r"días?": "days",
        r"horas?|h": "hours",
        r"minutos?|min": "minutes",
        r"segundos?": "seconds",
        r"semanas?": "weeks",
        r"mes(?:es)?": "months",
        r"años?": "years",
    },
    comparisons=(
        (
            "ge",
            r"(?:al menos|como mínimo|mínimo|no menos de|a partir de|desde|>=|≥)\s*#|#(?P<noun>(?: [\w-]+){0,2}?) o más",
        ),
        (
            "le",
            r"(?:como máximo|a lo sumo|hasta|no más de|máximo|dentro de(?: los)?|en los primeros|<=|≤)\s*#|#(?P<noun>(?: [\w-]+){0,2}?) o menos",
        ),
        (
            "gt",
            r"(?:más de|mayor(?:es)? (?:de|que|a)|superior(?:es)? a|supera(?:n)?(?: los| las)?|por encima de|excede|>)\s*#",
        ),
        ("lt", r"(?:menos de|menor(?:es)? (?:de|que|a)|inferior(?:es)? a|por debajo de|<)\s*#"),
        ("eq", r"(?:exactamente|igual a|=)\s*#"),
    ),
    between=r"entre\s*#\s*y\s*#|de\s*#\s*a\s*#",
    elapsed_since=r"(?:hace|desde hace|dentro de|en los últimos|tras|después de|pasados?|pasadas?)\s+(?:\w+\s+){0,2}#",
    elapsed_until=r"(?:faltan?|quedan?|antes de|en)\s+(?:\w+\s+){0,2}#|#\s*antes",
    clock=(
        ("between", r"(?:entre|de|desde)\s+(?:las\s+)?(?P<a>@)\s*(?:y|a|hasta|-|–)\s*(?:las\s+)?(?P<b>@)"),
        ("after", r"(?:después de|a partir de|desde)\s+(?:las\s+)?(?P<a>@)"),
        ("before", r"(?:antes de|hasta)\s+(?:las\s+)?(?P<b>@)"),
    ),
    negative=words("no", "nunca", "sin", "jamás"),
    lacks=words("no (?:tiene|tienen|sabe|conoce|encuentra|recuerda|dispone de)", "sin", "carece de"),
    has=words("tiene", "sabe", "conoce", "dispone de"),
    types=(
        ("email", r"correo|e-?mail"),
        ("phone", r"teléfono|móvil|celular"),
        ("identifier", r"\b(?:número|código|referencia|dni|nif|matrícula|código postal|id)\b"),
        ("date", r"\bfecha\b|\bdía\b|\bcuándo\b|cumpleaños|nacimiento"),
        ("time", r"\bhora\b"),
        ("duration", r"cuánto tiempo|duración|plazo"),
        ("amount", r"importe|precio|monto|cantidad de dinero|ingresos?|salario|coste|costo|saldo|valor|cuánto cuesta"),
        ("integer", r"cuánt[oa]s|número de (?:personas|\w+s)\b|edad"),
        ("decimal", r"porcentaje|peso|tamaño|temperatura"),
        ("boolean", r"\(s/n\)|\(sí/no\)"),
    ),
    wh=words("cuánt[oa]s?", "cuál(?:es)?", "qué", "cuándo", "dónde", "cómo", "quién", "por qué"),
    yes=frozenset({"sí", "si", "s", "vale"}),
    no=frozenset({"no", "n"}),
    opposites=(
        ("encendida", "apagada"),
        ("encendido", "apagado"),
        ("abierto", "cerrado"),
        ("abierta", "cerrada"),
        ("activo", "inactivo"),
        ("disponible", "agotado"),
        ("válido", "inválido"),
        ("válido", "caducado"),
        ("posible", "imposible"),
        ("pagado", "impagado"),
        ("correcto", "incorrecto"),
        ("lleno", "vacío"),
        ("mismo", "distinto"),
    ),
    limit=r"(?:como máximo|a lo sumo|máximo|no más de|hasta|solo|sólo)\s+(?P<n>una vez|dos veces|tres veces|#)(?:\s+veces?)?(?:\s+(?P<noun>\w+))?",
    attempts=r"(?:tras|después de)\s+(?P<n>#|dos|el (?:primer|segundo|tercer))\s*(?:intentos?|veces|reinicios?)(?: fallidos?)?|(?P<n2>#)\s*(?:intentos|veces)",
    nth_time=r"(?:por|es la|la|su|el|una?)\s+(?P<nth>primera|segunda|tercera|cuarta|segundo|tercer|cuarto)\s+(?:vez|solicitud|llamada|intento|petición)",
    conjunctions=words("y", "e"),
    disjunctions=words("o", "u"),
    urgent=words("inmediatamente", "de inmediato", "enseguida", "al instante", "urgentemente"),
    danger=words("peligro(?:so)?", "emergencia", "112", "911"),
    headings={
        "rules": r"\b(?:reglas?|normas?|políticas?|restricciones|prohibid\w+|nunca|importante|límites)\b",
        "handoff": r"\b(?:transferencia|transferir|escalad\w+|derivar|derivación|agente humano|supervisor)\b",
        "example": r"\b(?:ejemplos?|diálogos?)\b",
        "style": r"\b(?:estilo|tono|voz|personalidad|idioma)\b",
        "opening": r"\b(?:saludo|inicio|apertura|bienvenida|comienzo)\b",
        "closing": r"\b(?:cierre|despedida|final|fin)\b",
        "background": r"\b(?:antecedentes|contexto|sobre nosotros|glosario|definiciones|alcance|propósito|objetivo|versión|historial|información)\b",
    },
    columns={
        "condition": r"\b(?:situación|caso|si|condición|problema|motivo|evento|estado|cuando)\b",
        "action": r"\b(?:acción|qué hacer|qué hace|respuesta|procedimiento|solución|paso|entonces|hacer)\b",
        "needs": r"\b(?:necesita|requiere|requerid\w+|pedir|datos|información)\b",
        "forbidden": r"\b(?:no|nunca|prohibido|no debe)\b",
        "who": r"\b(?:quién|responsable|equipo|decide)\b",
    },
    step_word="paso",
    value_of="valor de {}",
    date_of="fecha de {}",
    date_label="fecha",
    number_of="número de {}",
    second_person=(
        (rf"\s+(?:el|la)\s+{_PERSON}(?!\w)", ""),
        (rf"^(?:el|la)\s+{_PERSON}\s+", "usted "),
        (rf"(?<!\w)(?:al|del)\s+{_PERSON}(?!\w)", "a usted"),
    ),
    reshape=_reshape,
    passive_handoff=r"(?P<who>.+?)\s+(?:debe|deben|tiene que|tienen que)\s+(?:ser\s+)?(?:transferid\w+|derivad\w+|pasad\w+|pasar|escalad\w+|remitid\w+)\s+(?:a|al|con)\s+(?P<what>.+)$",
    alternative=r"(?P<what>.+?)\s+(?:también\s+)?(?:sirve|basta|vale|es suficiente)(?:\s+también)?\W*$",
    aux=r"(?:es|está|están|son|fue|ha|han|tiene|tienen|puede|hay|funciona|desea|quiere|necesita)(?!\w)",
    caller_clause=rf"^(?:(?:los|las|el|la|toda?s?|cualquier)?\s*(?:{_PERSON}|quien(?:es)?|alguien))\s+(?:que\s+)?(?P<what>.+)$",
    only=r"(?:solo|sólo|solamente|únicamente)\s+(?!si\b)",
    asks=r"(?:pregunt(?:e|a|ar|ele)|pregúntele)(?!\w)",
    form_units=r"(?:dígitos|cifras|caracteres|letras|números)(?!\w)",
    form_starts=r"(?:empieza|comienza|empiezan|comienzan|empezando)\s+(?:siempre\s+)?(?:por|con)\s+(?:las letras\s+|la letra\s+)?[\"«“]?(?P<what>[A-Z0-9]{1,6})\b",
    cuts=r"para que|para(?= \w+[aei]r)|antes de|porque|ya que|cuando|si|hasta|que",
    possessors=r"(?:siguientes?\s+)",
    read_back=r"(?:lea|repita|resuma)",
    confirm_clause="es correcto",
    confirm_label="confirmación",
    because=r",?\s+(?:porque|ya que|pues|para que)\s",
    topic_label="motivo de la llamada",
    message_label="mensaje",
    tail=r"también|en su lugar|por favor|ahora",
    times={"una vez": 1, "dos veces": 2, "tres veces": 3},
    again=r"(?:haga|hágalo|hacer|repita|repítalo)(?: esto| eso)?",
    again_words=r"\s*\b(?:otra vez|de nuevo|una segunda vez|dos veces)\b",
    limit_opens=r"como máximo|a lo sumo|máximo|no más de|hasta|solo (?:una|dos)",
    others=frozenset({"otro", "otra", "otros", "cualquier otro", "lo demás"}),
    after_word="después de",
    contact=r"(?:un|una|el|la|alguien|los|las)?\s*(?:cliente|paciente|usuario|persona|huésped)?s?\s*(?:llama|llame|contacta|escribe|pregunta|quiere|reclama|informa)\b",
    tries=r"intento|veces",
    permits=r"\b(?:puede[sn]?|podemos)\b",
    lead_only=r"(?:pasos|lo siguiente|siguientes)[^,.]{0,20}$",
    checks=r"(?:verifi(?:que|car)|compruebe|comprobar|revise)(?!\w)",
    greets=r"(?:salud|dé la bienvenida)",
    only_word="solo",
    not_word="no",
    identity=r"(?:hola,?\s+)?(?:usted es|eres|trabaja para|tu nombre es|su nombre es|somos|soy)\b",
    error=r"(?:(?:un|hay) )?(?:error|fallo|falla)\b",
    danger_label=r"^(?P<what>[^=:]{2,60}?)\s*(?:=|:|\bes\b|->|→)\s*(?:muy )?(?:peligro\w*|emergencia|urgente)\W*$",
    denies_ai=r"\b(?:IA|robot|bot|máquina|automático|asistente virtual)\b",
    once=r"\s+(?:(?P<once>una (?:sola )?vez)|(?P<twice>dos veces))$",
    bare_negation=r"(?:(?:pero|y|nota|:|,)\W*)*no\s+(?!\w+(?:e|a|as|es|ar|er|ir)\b)",
    asks_same=r"\b(?:pide|pregunta|solicita|quiere|mismo|misma)\b",
    chart_ends=r"inicio|fin|final|comienzo",
    quantity=r"(?:cuánt[oa]s|número de)\s+(?P<noun>[\w-]+)",
)
