"""Grammar table of German."""

# ruff: noqa: RUF001, E501, SIM905 - a table of words with typographic marks: one entry a line

import re

from oratio.authoring.procedures.grammar.base import Grammar, words

_PERSON = r"(?:anrufer(?:in)?|kunden?|kundin|nutzer(?:in)?|gast|gäste|patient(?:en|in)?|besucher(?:in)?|mieter(?:in)?|mitglied(?:er)?)"
_CALLER = rf"(?:(?:den|die|der|dem|das|einen?|jeden?|alle)\s+{_PERSON}|ihn|ihm|ihnen|{_PERSON})"
_CALLED = rf"(?:\s+{_CALLER})?"
_PARTICLES = r"(?:ab|an|auf|aus|bei|durch|ein|fest|fort|heraus|hin|los|mit|nach|vor|weiter|weg|zu|zurück|zusammen|über)"
_VERBS = (
    r"(?:fragen|frage|erfragen|bitten|bitte(?= sie den| den)|sagen|sage|teilen|informieren|erklären|erläutern|bieten|biete|erinnern|entschuldigen|danken|"
    r"begrüßen|verabschieden|wünschen|nennen|empfehlen|versprechen|bestätigen|prüfen|überprüfen|kontrollieren|erfassen|notieren|notiere|nehmen|"
    r"suchen|schauen|sehen|verbinden|verbinde|leiten|geben|übergeben|stellen|rufen|buchen|vereinbaren|erstellen|legen|öffnen|schließen|starten|"
    r"senden|schicken|stornieren|ändern|registrieren|gehen|gehe|springen|kehren|fahren|wiederholen|lesen|beantworten|antworten|beenden|warten|"
    r"machen|verwenden|folgen|holen|lassen|weisen|raten|hören|setzen|eröffnen|veranlassen|lehnen|löschen|verlangen|diskutieren|weiter|zurück|nie|niemals|bitte|soll(?=\s)|wir(?=\s+\w+en\b))(?!\w)"
)
_NEGATION = r"(?:niemals|nie|nicht|auf keinen fall|unter keinen umständen|kein(?:e[nmrs]?)?)"


def _reshape(text: str, subject: bool, negative: bool) -> tuple[str, bool]:
    """Give an instruction the form `fragen Sie ...`; a prohibition becomes an infinitive phrase."""
    text = re.sub(r"(?<=en)\s+wir\s+uns(?!\w)", " Sie sich", text)
    text = re.sub(
        r"^(?:wir\s+(\w+(?:en|rn|ln))|(\w+(?:en|rn|ln))\s+wir)(?!\w)",
        r"\1\2 Sie",
        text.strip(" ."),
        flags=re.IGNORECASE,
    )
    imperative = re.match(r"(?P<verb>\w+(?:en|rn|ln))\s+sie\s+(?P<rest>.*)$", text, re.IGNORECASE)
    if imperative is not None:
        rest, verb = imperative["rest"], imperative["verb"]
        found = re.search(rf"(?<!\w){_NEGATION}(?!\w)\s*", rest, re.IGNORECASE)
        if found is not None and not re.search(r"\bwenn\b|\bfalls\b|,", rest[: found.start()]):
            rest = rest[: found.start()] + rest[found.end() :]
            return _infinitive(verb, rest), True
        return (_infinitive(verb, rest), True) if negative else (text, negative)
    final = re.match(r"(?P<rest>.+?)\s+(?P<verb>(?:zu )?\w+(?:en|rn|ln))$", text, re.IGNORECASE)
    found = re.search(rf"(?<!\w){_NEGATION}(?!\w)\s*", text, re.IGNORECASE)
    if subject and found is not None:
        return re.sub(rf"(?<!\w){_NEGATION}(?!\w)\s*", "", text, count=1, flags=re.IGNORECASE), True
    if negative:
        return text, True
    if (
        final is not None
        and (subject or re.fullmatch(_VERBS, final["verb"], re.IGNORECASE))
        and "," not in final["rest"]
    ):
        return f"{final['verb']} Sie {final['rest']}", negative
    return text, negative


def _action(text: str) -> str:
    """Return an instruction as an infinitive phrase: `bieten Sie das Paket an` is `das Paket anbieten`."""
    found = re.match(r"(?P<verb>\w+(?:en|rn|ln))\s+sie\s+(?:sich\s+)?(?P<rest>[^,]*)$", text.strip(" ."), re.IGNORECASE)
    return _infinitive(found["verb"], found["rest"]) if found and found["rest"].strip() else text


def _infinitive(verb: str, rest: str) -> str:
    particle = re.search(rf"\s+({_PARTICLES})$", " " + rest, re.IGNORECASE)
    if particle is not None:
        return f"{(' ' + rest)[: particle.start()].strip()} {particle[1]}{verb.lower()}".strip()
    return f"{rest} {verb.lower()}".strip()


GERMAN = Grammar(
    tag="de",
    common=frozenset(
        "der die das und ist nicht sie mit den ein eine zu wenn kunde kunden auf für im dem bitte oder nach ob dann falls zum zur".split()
    ),
    caller=_CALLER,
    agent=(
        r"(?:(?:sie|wir|du|man|(?:der|die|ein|unser)\s+(?:agent|assistent|mitarbeiter|bot|berater)\w*)\s+(?:(?:müssen|muss|sollen|sollten|soll|dürfen|darf|können|kann|"
        r"wollen|möchten|brauchen|zuerst|dann|auch|immer|zunächst)\s+)+|(?:stellen sie sicher|achten sie darauf)\s*,\s*dass\s+sie\s+)"
    ),
    openers={
        "unless": words("es sei denn", "außer wenn", "außer", "sofern nicht", "ausgenommen"),
        "only_if": words("nur wenn", "nur falls", "nur dann,? wenn", "vorausgesetzt"),
        "otherwise": words("sonst", "andernfalls", "ansonsten", "wenn nicht", "falls nicht", "in allen anderen fällen"),
        "if": words(
            "wenn",
            "falls",
            "sofern",
            "sobald",
            "im falle?",
            "bei(?= (?:fragen|beschwerden|fehler|störung))",
        ),
        "before": words("bevor", "ehe", "vor(?= (?:jeder|der))"),
        "after": words(
            "nachdem",
            "erst nach",
            "nach(?= (?:\\w+ )?(?:minuten|stunden|tagen|wochen|monaten|jahren|werktagen|arbeitstagen|\\d+))",
        ),
        "until": words("bis"),
    },
    adverbs=(
        r"(?:und|aber|dann|zuerst|zunächst|danach|anschließend|außerdem|auch|bitte|jetzt|nun|einfach|stattdessen|in diesem fall|am ende|am anfang|zu beginn|"
        r"zum schluss|zum abschluss|abschließend|immer|stets|sofort|höflich|kurz|wichtig|hinweis|achtung|noch|so|ja|auf jeden fall|in jedem fall|egal was passiert)\s*[,:]?\s+"
    ),
    negations=r"(?:niemals|nie|nicht|auf keinen fall|unter keinen umständen|kein(?:e[nmrs]?)?|vermeiden sie)(?!\w)\s*",
    inner_negations=words("niemals", "nie", "nicht", r"kein\w*"),
    musts=words("müssen", "muss", "immer", "stets", "unbedingt", "verpflichtet"),
    verbs=_VERBS,
    firm_verbs=r"(?:(?:fragen|erfragen|sagen|informieren|erklären|bieten|entschuldigen|danken|verbinden|leiten|übergeben|prüfen|notieren|erfassen|gehen|kehren|springen|fahren|wiederholen|beenden|verabschieden|bestätigen|vereinbaren|buchen)\s+(?:sie|wir)|wir(?=\s+\w+en\b)|dann|weiter (?:mit|zu) schritt|zurück zu schritt)(?!\w)",
    plain_agent=r"(?:wir)\s+\w+",
    hearers=r"(?:er|sie)\s+(?:bekommt|erhält|hört|erhalten)",
    joints=r"und dann|und|dann|aber|sondern|sonst|oder",
    then=r"dann|so",
    requests=rf"(?:(?:und|dann|zuerst|bitte)\s+)*bitten\s+sie\s+{_CALLER}",
    takes_if=r"(?:fragen|fragen sie|prüfen|wissen|sehen|nur|auch|selbst)$",
    before_infinitive=r"(?:\bzu|\b(?:kunde|anrufer|er|sie|und|oder|nicht))$",
    never_trailing=frozenset({"im falle", "im fall", "bei", "sobald"}),
    acts=(
        (
            "goto",
            r"(?:(?:gehen|kehren|springen|fahren|wechseln)\s+sie\s+(?:\w+\s+){0,2}?(?:zu|mit|bei)|gehe zu|springe zu|weiter (?:mit|zu|bei)|zurück zu)\s+(?:dem |den )?(?:schritt|punkt|abschnitt|nr\.?)\s*(?P<step>[\w.]+)(?P<rest>.*)",
        ),
        ("repeat", r"wiederholen sie\s+(?:den |die )?(?:schritte?|punkte?)\s*(?P<step>[\w.]+)(?P<rest>.*)"),
        (
            "handoff",
            rf"(?:verbinden|verbinde)\s+(?:sie\s+)?(?:{_CALLER}\s*)?(?:\w+\s+){{0,2}}?(?:mit|zu|an)\s+(?P<what>.+)$",
        ),
        (
            "handoff",
            rf"(?:leiten|geben|stellen|übergeben|reichen)\s+sie\s+(?:(?:{_CALLER}|das gespräch|den anruf|die anfrage|den fall|den vorgang|es|an)\s*)?(?:\w+\s+){{0,2}}?(?:an|zu|zum|zur|mit)\s+(?P<what>.+?)(?:\s+(?:weiter|ab|durch|über))?$",
        ),
        (
            "handoff",
            r"(?:holen|rufen|ziehen)\s+sie\s+(?P<what>(?:\w+\s+){0,3}?(?:vorgesetzten?|leiter(?:in)?|mitarbeiter(?:in)?|kollegen|menschen|techniker|arzt|ärztin|teamleit\w+|schichtleit\w+))\b.*",
        ),
        ("handoff", r"(?:an|zu|mit)\s+(?P<what>.+?)\s+(?:weiterleiten|übergeben|verbinden|durchstellen|abgeben)$"),
        ("end", r"(?:beenden|beende)\s+(?:sie\s+)?(?:das gespräch|den anruf|das telefonat).*|legen sie auf\b.*"),
        ("wait", r"(?:warten|warte)\s+(?:sie\s+)?(?:auf .*(?:antwort|rückmeldung).*)?$"),
        ("search", r"(?:schlagen|schauen|sehen|suchen)\s+sie\s+(?P<what>.+?)(?:\s+nach)?$"),
        ("search", r"(?:beantworten|antworten)\s+sie\s+.*?(?P<what>aus den (?:unterlagen|dokumenten).*)"),
        (
            "ask_yes",
            rf"(?:bitten sie{_CALLED} um|holen sie|lassen sie sich)\s+(?:eine |die |das |ein )?(?:bestätigung|zustimmung|einwilligung|einverständnis|ja)\b(?P<rest>.*)",
        ),
        (
            "whether",
            rf"(?:fragen|erfragen|klären|prüfen|stellen)(?:\s+sie)?{_CALLED}(?:\s+fest)?\s*,?\s+ob\s+(?P<what>.+)",
        ),
        ("whether", rf"(?:frage|frag)\s*{_CALLED}\s*,?\s*ob\s+(?P<what>.+)"),
        (
            "ask_wh",
            rf"(?:fragen|erfragen|klären|notieren|frage)\s+(?:sie)?{_CALLED}\s*,?\s+(?P<what>(?:(?:für|seit|bis|von|zu|mit|an|in|auf) )?(?:wie|was|welche[nmrs]?|wann|wo|warum|wer|wessen|woher|wohin)\b.+)",
        ),
        ("nouns", rf"(?:bitten|bitte)\s+(?:sie\s+)?{_CALLER}\s+um\s+(?P<what>.+)"),
        ("request", rf"(?:soll|sollte|muss)\s+{_CALLER}\s+(?P<what>.+)"),
        (
            "request",
            rf"(?:bitten|bitte|weisen|raten|fordern)\s+(?:sie\s+)?{_CALLER}(?:\s+(?:darum|an|auf))?\s*,\s+(?P<what>.+)",
        ),
        (
            "nouns",
            rf"(?:fragen|frage|erfragen)\s+(?:sie)?{_CALLED}\s*(?:zuerst\s+|bitte\s+)?(?:nach|um)\s+(?P<what>.+)",
        ),
        (
            "nouns",
            r"(?:erfassen|erfasse|notieren|notiere|erfragen|erheben|sammeln|nehmen|benötigen|brauchen)\s*(?:sie)?\s*:?\s+(?P<what>.+?)(?:\s+auf)?$",
        ),
        ("nouns", r"(?:wir\s+)?(?:brauchen|benötigen)\s+(?P<what>.+)"),
        (
            "statement",
            rf"(?:sagen|erklären|erläutern|teilen|informieren|erwähnen|antworten)\s+sie{_CALLED}(?:\s+mit|\s+darüber)?\s*,\s+dass\s+(?P<what>.+)",
        ),
        ("statement", rf"(?:sage|erkläre)\s+{_CALLED}\s*,?\s*dass\s+(?P<what>.+)"),
        (
            "tell",
            r"(?:sagen|erklären|erläutern|teilen|informieren|bieten|biete|entschuldigen|danken|bedanken|begrüßen|verabschieden|wünschen|nennen|empfehlen|versprechen|bestätigen|erinnern|lesen|wiederholen|beantworten|antworten|geben|weisen|lehnen|fassen|zeigen)\b.*",
        ),
    ),
    says=r"(?:sagen|nennen|versprechen|erwähnen|geben|herausgeben|mitteilen|empfehlen|anbieten|zusagen|garantieren|diskutieren|auskunft|beraten|erklären|preisgeben|bestätigen|weitergeben|spekulieren|behaupten|erfinden)(?!\w)",
    manners=r"(?:(?:seien|bleiben|sprechen|klingen|duzen|siezen|reden|halten|formulieren)\s+sie|sei|bleib|sprich)(?!\w)",
    articles=r"(?:(?:der|die|das|den|dem|des|ein|eine|einen|einem|einer|seine?[nmr]?|ihre?[nmr]?|jede[nrs]?|alle|dessen|deren)\s+)+",
    stop=frozenset(
        "der die das den dem des ein eine einen einem einer und oder zu zum zur von vom für mit auf in im an am bei nach um aus als ist sind war waren wird werden hat haben "
        "hatte sein seine seinen ihre ihr ihren er sie es wir man ob wenn dass noch auch schon nur immer kein keine nicht kunde kunden anrufer welche welcher welches wie was wann wo".split()
    ),
    numbers={w: v for v, w in enumerate("null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf".split())}
    | {"zwanzig": 20, "dreißig": 30, "fünfzig": 50, "hundert": 100, "tausend": 1000, "ein dutzend": 12},
    units={
        r"werktag(?:e|en)?|arbeitstag(?:e|en)?": "working_days",
        r"tag(?:e|en|es)?": "days",
        r"stunden?|std": "hours",
        r"minuten?|min": "minutes",
        r"sekunden?|sek": "seconds",
        r"wochen?": "weeks",
        r"monat(?:e|en)?": "months",
        r"jahr(?:e|en)?": "years",
    },
    comparisons=(
        (
            "ge",
            r"(?:mindestens|wenigstens|ab|nicht weniger als|>=|≥)\s*#|#(?P<noun>(?: [\w-]+){0,2}?) (?:oder|und) (?:mehr|darüber|älter|länger|höher)",
        ),
        (
            "le",
            r"(?:höchstens|maximal|bis zu|nicht mehr als|nicht über|innerhalb von|binnen|<=|≤)\s*#|#(?P<noun>(?: [\w-]+){0,2}?) oder (?:weniger|darunter|jünger)",
        ),
        ("gt", r"(?:mehr als|über|größer als|höher als|länger als|älter als|>)\s*#"),
        ("lt", r"(?:weniger als|unter|kleiner als|kürzer als|jünger als|niedriger als|<)\s*#"),
        ("eq", r"(?:genau|exakt|gleich|=)\s*#"),
    ),
    between=r"zwischen\s*#\s*und\s*#|von\s*#\s*bis\s*#",
    elapsed_since=r"(?:vor|seit|innerhalb von|binnen|nach)\s+(?:\w+\s+){0,2}#|#\s*(?:alt|her|vergangen|zurück)",
    elapsed_until=r"in\s*#|#\s*(?:vor|bis)",
    clock=(
        ("between", r"(?:zwischen|von)\s+(?P<a>@)\s*(?:uhr\s*)?(?:und|bis|-|–)\s*(?P<b>@)"),
        ("after", r"(?:nach|ab)\s+(?P<a>@)"),
        ("before", r"(?:vor|bis)\s+(?P<b>@)"),
    ),
    negative=words("nicht", r"kein\w*", "nie", "niemals", "ohne"),
    lacks=words(r"(?:hat|haben|weiß|kennt|findet)(?: \w+){0,3}? (?:kein\w*|nicht)", r"kein\w*", "ohne"),
    has=words("hat", "haben", "kennt", "weiß", "liegt vor"),
    types=(
        ("email", r"e-?mail|mailadresse"),
        ("phone", r"telefon|rufnummer|handynummer|rückrufnummer|mobilnummer"),
        ("identifier", r"(?:nummer|nr\.?|kennung|code|id|kennzeichen|postleitzahl|plz|iban)\b"),
        ("date", r"datum|\btag\b|geburtstag|\btermin\b|\bwann\b"),
        ("time", r"uhrzeit|\bzeit\b"),
        ("duration", r"wie lange|dauer|laufzeit"),
        ("amount", r"betrag|preis|kosten|summe|einkommen|gehalt|gebühr|wert|guthaben|wie teuer"),
        ("integer", r"anzahl|wie viele|\balter\b|wie alt"),
        ("decimal", r"prozent|gewicht|größe|höhe|zählerstand|temperatur"),
        ("boolean", r"\(j/n\)|\(ja/nein\)"),
    ),
    wh=words("wie", "was", r"welche[nmrs]?", "wann", "wo", "warum", "wer", "wessen", "woher", "wohin"),
    yes=frozenset({"ja", "j", "stimmt"}),
    no=frozenset({"nein", "n"}),
    opposites=(
        ("an", "aus"),
        ("offen", "geschlossen"),
        ("aktiv", "inaktiv"),
        ("verfügbar", "ausverkauft"),
        ("gültig", "ungültig"),
        ("gültig", "abgelaufen"),
        ("möglich", "unmöglich"),
        ("bezahlt", "unbezahlt"),
        ("richtig", "falsch"),
        ("gleich", "verschieden"),
        ("leuchtet", "dunkel"),
        ("voll", "leer"),
        ("bekannt", "unbekannt"),
    ),
    limit=r"(?:höchstens|maximal|nicht mehr als|bis zu|nur)\s+(?P<n>einmal|zweimal|dreimal|viermal|fünfmal|#)(?:\s*mal)?(?:\s+(?P<noun>\w+))?",
    attempts=r"nach\s+(?P<n>#|einmal|zweimal|dem (?:ersten|zweiten|dritten))\s*(?:erfolglosen |vergeblichen )?(?:versuch(?:en|e)?|mal(?:en)?|neustarts?)?|(?P<n2>#|zweimal)\s*(?:versuche[n]?|mal)",
    nth_time=r"(?:zum|das|ein|beim)\s+(?P<nth>ersten|zweiten|dritten|vierten|fünften|zweite|dritte|vierte)\s*(?:mal|versuch|anfrage|anruf)",
    conjunctions=words("und", "sowie"),
    disjunctions=words("oder"),
    urgent=words("sofort", "umgehend", "unverzüglich", "direkt", "auf der stelle"),
    danger=words("gefahr", "gefährlich", "notfall", "lebensgefahr", "112", "110"),
    headings={
        "rules": r"\b(?:regeln?|richtlinien?|verbote?|niemals|wichtig|grundsätze|vorgaben|darf nicht|grenzen)\b",
        "handoff": r"\b(?:übergabe|weiterleitung|weiterleiten|eskalation|mitarbeiter|verbinden)\b",
        "example": r"\b(?:beispiele?|beispielgespräch|dialog)\b",
        "style": r"\b(?:stil|ton|tonfall|sprache|auftreten|persona)\b",
        "opening": r"\b(?:begrüßung|eröffnung|einstieg|gesprächsbeginn|beginn)\b",
        "closing": r"\b(?:abschluss|verabschiedung|ende|gesprächsende|schluss)\b",
        "background": r"\b(?:hintergrund|über uns|glossar|begriffe|geltungsbereich|zweck|überblick|änderungen|version|hinweise|faq)\b",
    },
    columns={
        "condition": r"\b(?:situation|fall|wenn|bedingung|problem|anliegen|grund|lage|ereignis|status|anlass)\w*",
        "action": r"\b(?:aktion|maßnahme|vorgehen|was tun|antwort|schritt|handlung|lösung|dann|was der agent|tun)\w*",
        "needs": r"\b(?:braucht|benötigt|erforderlich|erfragen|angaben|daten|fragen nach)\w*",
        "forbidden": r"\b(?:nicht|nie|niemals|verboten|darf nicht)\b",
        "who": r"\b(?:wer|zuständig|verantwortlich|team)\w*",
    },
    step_word="schritt",
    value_of="Wert: {}",
    date_of="Datum: {}",
    date_label="Datum",
    number_of="Anzahl {}",
    second_person=(
        (rf"(?<!\w)(?:der|die|ein|eine)\s+{_PERSON}(?!\w)", "Sie"),
        (rf"(?<!\w)(?:dem|den)\s+{_PERSON}(?!\w)", "Ihnen"),
        (r"(?<!\w)(?:sein|ihr)(e|en|em|er|es)?(?=\s+[A-ZÄÖÜ])", r"Ihr\1"),
        (r"^(.*(?<!\w)Sie(?!\w).*\s)(\w{2,}[^s\W])t$", r"\1\2en"),
        (r"^(.*(?<!\w)Sie(?!\w).*\s)ist$", r"\1sind"),
        (r"^(.*(?<!\w)Sie(?!\w).*\s)hat$", r"\1haben"),
        (r"^(.*(?<!\w)Sie(?!\w).*\s)möchte$", r"\1möchten"),
        (r"^(.*(?<!\w)Sie(?!\w).*\s)will$", r"\1wollen"),
        (r"^(.*(?<!\w)Sie(?!\w).*\s)kann$", r"\1können"),
    ),
    request_form=((r"\b(\w+?)zu(\w+en)\b(?=$|\s+und)", r"\1\2"), (r"\szu (?=\w+(?:en|rn|ln)\b)", " ")),
    reshape=_reshape,
    particles=_PARTICLES,
    inverted=r"(?P<what>(?:ist|sind|hat|haben|war|tritt|liegt|steht|fehlt|möchte|will|braucht|kommt|gibt|geht|funktioniert|fällt|läuft|kann|brennt|riecht|leuchtet|blinkt|besteht|wünscht|beschwert|droht)\s[^,]+),",
    as_action=_action,
    passive_handoff=r"(?P<who>.+?)\s+(?:soll|sollen|sollte|sollten|muss|müssen|wird|werden)\s+(?:\w+\s+){0,2}?(?:an|zu|zum|zur|mit)\s+(?P<what>.+?)\s+(?:weitergeleitet|verbunden|durchgestellt|übergeben)(?:\s+werden)?$",
    alternative=r"(?P<what>.+?)\s+(?:genügt|reicht|tut es|geht)(?:\s+(?:auch|ebenfalls))?\W*$|(?:genügt|reicht)\s+(?:auch\s+)?(?P<also>.+)",
    aux=r"(?:ist|sind|war|waren|hat|haben|hatte|kann|können|wird|werden|darf|soll|leuchtet|funktioniert|geht|möchten|gibt)(?!\w)",
    caller_clause=r"^(?:(?:alle|die|der)?\s*(?:anrufer|kunden?|leute|personen|wer|jeder|jemand|gäste|nutzer))\s*,?\s*(?:der|die|das)?\s*(?P<what>.+?),?$",
    only=r"nur\s+(?!wenn\b|falls\b)",
    asks=r"(?:fragen(?: sie)?(?:[^:,.]{0,30})?|frage|erfragen(?: sie)?)(?!\w)",
    form_units=r"(?:ziffern|stellen|zeichen|buchstaben|zahlen)(?!\w)",
    form_starts=r"(?:beginnt|beginnen|fängt|anfangend)\s+(?:\w+\s+)?mit\s+(?:den buchstaben\s+|dem buchstaben\s+)?[\"„“]?(?P<what>[A-Z0-9]{1,6})\b",
    cuts=r"damit|um zu|bevor|weil|denn|wenn|falls|sofern|bis|für (?:die|den) (?:rückruf|rückfrage|prüfung)",
    possessors=r"(?:des|der)\s+(?:kunden|anrufers)\s+|folgende\w*\s+",
    read_back=r"(?:lesen sie .*\bvor|wiederholen sie|fassen sie)",
    confirm_clause="das richtig ist",
    confirm_label="Bestätigung",
    because=r",?\s+(?:weil|da|denn|damit)\s",
    topic_label="Anliegen",
    message_label="Nachricht",
    tail=r"ebenfalls|auch|stattdessen|bitte|weiter",
    times={"einmal": 1, "zweimal": 2, "dreimal": 3, "viermal": 4, "fünfmal": 5},
    again=r"(?:das|dies|tun sie (?:das|dies)|wiederholen sie (?:das|dies)|machen sie (?:das|dies))",
    again_words=r"\s*\b(?:erneut|noch einmal|ein zweites mal|zweimal)\b",
    limit_opens=r"höchstens|maximal|nicht mehr als|bis zu|nur (?:einmal|zweimal)",
    others=frozenset({"andere", "anderes", "sonstiges", "alles andere", "sonst"}),
    after_word="nach",
    contact=r"(?:ein |eine |der |die |jemand)?\s*(?:kunde|kundin|anrufer|gast|jemand)?\s*(?:sich|anruft|meldet|wegen|nach|über)\b.*",
    only_word="nur",
    not_word="nicht",
    identity=r"(?:hallo,?\s+)?(?:sie sind|du bist|sie arbeiten|du arbeitest|ihre? (?:name|rolle|aufgabe) ist|wir sind|ich bin)\b",
    error=r"(?:(?:es|das|der \w+) )?(?:fehler|fehlschlag|schlägt fehl|fehlschlägt)\b",
    danger_label=r"^(?P<what>[^=:]{2,60}?)\s*(?:=|:|\bist\b|->|→)\s*(?:eine? )?(?:lebens)?(?:gefahr|gefährlich|notfall)\W*$",
    denies_ai=r"\b(?:KI|Bot|Roboter|Maschine|Computer|Sprachassistent)\b",
    once=r"\s+(?:(?P<once>einmal)|(?P<twice>zweimal))(?=\s+an$|$)",
    bare_negation=r"(?:(?:aber|und|achtung|hinweis|:|,)\W*)*nicht\s+",
    asks_same=r"\b(?:fragt|verlangt|möchte|will|bittet|gleiche\w*|selbe\w*)\b",
    chart_ends=r"start|ende|stopp?|fertig|beginn",
    tries=r"versuch|mal\b",
    permits=r"\b(?:können|kann|dürfen|darf)\b",
    greets=r"(?:begrüß|melden)",
    lead_only=r"(?:schritte|wie folgt|folgendes|folgende\w*)[^,.]{0,20}$",
    checks=r"(?:prüfen|überprüfen|kontrollieren|klären)(?!\w)",
    echo=r"(?:(?:es|das|dies|er|sie)\s+(?:ist|sind|hat|haben|war|nicht)|ja|nein)(?P<no>\s*nicht)?\W*$",
    quantity=r"(?:wie viele|anzahl der|anzahl)\s+(?P<noun>[\w-]+)",
)
