"""The words that tell an SOP's kinds of sentences apart, for the languages the parser reads.

English and German are read closely; French, Spanish, Italian, Portuguese, Dutch and Polish by their commonest
forms. A sentence in another language is guidance, which is always safe.
"""

# ruff: noqa: RUF001 - it reads the quotation and end marks of several languages

import re

_I = re.IGNORECASE


def _words(*alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(alternatives)})(?!\w)", _I)


PROHIBITION = _words(
    r"must ?n[o']t",
    r"must never",
    r"never",
    r"do not",
    r"don['’]t",
    r"should ?n[o']t",
    r"shouldn['’]t",
    r"(?:is|are|am|be|being)(?: \w+)? (?:not|never) (?:allowed|permitted|authori[sz]ed|acceptable)",
    r"(?:not|never) (?:allowed|permitted|authori[sz]ed)",
    r"(?:isn|aren)['’]t (?:allowed|permitted)",
    r"cannot",
    r"can(?:not|['’]t| not)",
    r"may not",
    r"shall not",
    r"mustn['’]t",
    r"under no circumstances?",
    r"in no (?:case|event)",
    r"(?:is|are) (?:strictly )?(?:prohibited|forbidden)",
    r"refrain from",
    r"avoid",
    r"no exceptions?",
    # German
    r"niemals",
    r"nie(?= )",
    r"(?:darf|dürfen|soll|sollen|sollte|sollten|kann|können) (?:\w+ ){0,4}?(?:nicht|kein\w*)",
    r"auf keinen fall",
    r"unter keinen umständen",
    r"(?:ist|sind) (?:\w+ ){0,2}?(?:verboten|untersagt|nicht erlaubt|nicht gestattet)",
    r"(?:geben|sagen|nennen|versprechen|machen|verwenden|löschen|fragen) sie (?:\w+ ){0,4}?(?:nicht|kein\w*|nie)",
    # French, Spanish, Italian, Portuguese, Dutch, Polish
    r"ne (?:\w+ ){0,2}?(?:jamais|pas)",
    r"n['’]\w+ (?:jamais|pas)",
    r"(?:nunca|jamás)",
    r"no (?:debe|debes|puede|puedes|está permitido)",
    r"não (?:deve|pode|é permitido)",
    r"(?:non (?:deve|devi|può|è consentito)|mai)",
    r"(?:nooit|mag niet|mogen niet|niet toegestaan)",
    r"(?:nigdy|nie wolno|nie może)",
)

OBLIGATION = _words(
    r"must",
    r"always",
    r"required to",
    r"have to",
    r"has to",
    r"be sure",
    r"make sure",
    r"only",
    r"should",
    r"at most",
    r"immer",
    r"müssen|muss|stets",
    r"toujours|doit|doivent|siempre|debe|sempre|deve|altijd|moet|zawsze|musi",
)

_HUMAN = (
    r"humans?|(?:live |human |real )?agents?|(?:real |live )?persons?|people|representatives?|supervisors?|managers?|"
    r"specialists?|technical support|tech support|second[- ]line|(?:tier|level)[- ]?(?:\d|two|three)|team leads?|"
    r"colleagues?|operators?|advisors?|advisers?|dispatch(?:er)?|"
    r"(?:\w+ ){0,2}(?:team|department|desk|unit|nurse|engineer|office)|emergency services|"
    r"menschen?|mitarbeiter\w*|kolleg\w*|berater\w*|vorgesetzte\w*|teamleit\w*|fachabteilung|techniker\w*|kundendienst|"
    r"humain|conseiller|superviseur|humano|agente|operatore|atendente|medewerker|konsultant\w*"
)
_HANDS_ON = (
    r"transfer(?:s|red|ring)?|escalat(?:e|es|ed|ing|ion)|hand(?:s|ed|ing)?[- ]?(?:over|off)|pass (?:\w+ "
    r"){0,4}?(?:on )?to|"
    r"connect(?:s|ed|ing)?|forward(?:s|ed|ing)?|rout(?:e|es|ed|ing)|refer(?:s|red|ring)?|put (?:\w+ ){0,3}?through|"
    r"(?:verbinden|weiterleiten|weiterverbinden|übergeben|eskalieren|übergabe|eskalation|weitergeben|leiten|verbinde|"
    r"übergib|eskaliere)|transf[ée]rer|transf[ée]rez|transferir|transfiera|trasferi\w+|doorverbinden|verbind|"
    r"przekaż|połącz"
)
_CALLER = (
    r"(?:user|customer|caller|client|patient|guest|member|call|chat|conversation|case|ticket|them|him|her|person)s?"
)
HANDOFF = re.compile(
    rf"(?<!\w)(?:transfer|hand|pass|connect|forward|route|escalate|put)(?:s|ed|ing)? "
    rf"(?:the |this |that |any )?{_CALLER} "
    rf"(?:\w+ )?(?:to|over|through)(?!\w)|"
    rf"(?<!\w)(?:{_HANDS_ON})(?!\w).{{0,80}}?(?<!\w)(?:{_HUMAN})(?!\w)"
    rf"|(?<!\w)(?:an|zu|mit|à|a|al|naar|z) (?:\w+ ){{0,4}}?(?:{_HUMAN})(?!\w).{{0,40}}?(?<!\w)(?:{_HANDS_ON})(?!\w)"
    r"|(?<!\w)(?:hand[- ]?(?:over|off)|warm transfer|escalate|escalation)(?!\w)",
    _I,
)
NOT_A_HANDOFF = _words(
    r"(?:before|without|instead of|rather than|avoid|never|not|don['’]t) (?:\w+ ){0,2}?(?:transferr?(?:ing)?|"
    r"escalat(?:e|ing)|hand(?:ing)?[- ]?(?:over|off))",
    r"bevor sie (?:\w+ ){0,4}?(?:weiterleiten|verbinden|übergeben)",
)

SAY = _words(
    r"say(?:s|ing)?",
    r"tell",
    r"greet\w*",
    r"respond with",
    r"answer with",
    r"reply with",
    r"send the message",
    r"read (?:out|aloud)?",
    r"state",
    r"announce",
    r"open with",
    r"close with",
    r"script",
    r"(?:exact|following|these) (?:words|wording|phrase|sentence|script)",
    r"sagen sie",
    r"begrüßen sie",
    r"antworten sie",
    r"dites|diga|dica|zeg|powiedz",
)
QUOTED = re.compile(
    r"\"([^\"]{8,300})\"|“([^”]{8,300})”|„([^“”]{8,300})[“”]|«\s?([^»]{8,300}?)\s?»|(?<!\w)'((?:[^']|"
    r"(?<=\w)'(?=\w)){8,200})'(?!\w)"
)

CLOSING = _words(
    r"good ?bye",
    r"(?:is there |have you )?anything else (?:that )?(?:i|we|you|to)",
    r"(?:end|close|finish|wrap up|conclude) (?:the |this |every |each )?(?:call|conversation|chat|contact|ticket|"
    r"interaction|session)",
    r"have a (?:nice|good|great)",
    r"auf wiederh(?:ören|sehen)",
    r"(?:beenden|schließen) sie das (?:gespräch|telefonat|ticket)",
    r"verabschieden",
    r"sonst noch etwas",
    r"au revoir|bonne journée|adiós|buen día|arrivederci|tot ziens|do widzenia",
)

THANKS_FOR_CALLING = _words(r"thank (?:\w+ ){1,3}?for (?:calling|contacting|writing|choosing|your)")
LEADING_PHRASE = _words(
    "for", "before", "at", "in", "during", "with", "bei", "vor", "für", "im", "pour", "para", "avant"
)

CONDITIONS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "only_if",
        _words("if and only if", r"only (?:\w+ ){0,4}?if", "only when", "only after", "nur wenn", "nur falls"),
    ),
    ("unless", _words("unless", "except (?:if|when|for)", "es sei denn", "außer wenn", "sauf si", "a menos que")),
    ("if", _words("if", "in case", "provided that", "as long as", "falls", "sofern", "si", "se", "als", "jeśli")),
    (
        "when",
        _words(
            "when", "whenever", r"once(?! per| a | every| in )", "after", "until", "while", "wenn", "sobald", "nachdem",
            "solange", "quand", "lorsque", "cuando", "quando", "wanneer", "gdy",
        ),
    ),
)  # fmt: skip
CONDITION_LANGUAGES = {"si": ("fr", "es"), "se": ("it", "pt"), "als": ("nl",), "quando": ("it", "pt")}
INDIRECT = _words(
    "check", "ask", "see", "know", "sure", "determine", "find out", "verify", "confirm", "whether", "clarify", "even",
    "prüfen sie", "fragen sie", "ob", "as",
)  # fmt: skip

_ACTIONS = """
accept access acknowledge activate add adjust advise agree allow analyse analyze answer apologise apologize
apply approve arrange ask assess assign assist attempt authenticate authorise authorize begin block book bring
calculate call cancel capture change charge check choose clarify clear close collect compare complete conclude
confirm connect contact continue convert copy correct create credit deactivate debit decline deduct deliver deny
describe determine direct disable discuss dispatch do document email empathise empathize enable encourage end
enroll ensure enter escalate establish estimate evaluate examine exchange expedite explain extend figure file
fill find finish fix flag follow forward gather get generate give go grant greet guide handle help hold identify
inform initiate inspect instruct introduce investigate invite issue keep key lead let lift listen locate lock
log look maintain make mark match mention modify monitor note notify obtain offer open order pause pay perform
pick place please point post prepare present press print prioritise prioritize proceed process promise prompt
propose provide pull put queue quote raise reach read reassure reboot record redirect refer refill refuel refund
refuse register reinstate reject relay release remain remind remove repair repeat replace reply report request
resend reschedule reset resolve respond restart restate restore resume retrieve return reverse review run save
say scan schedule search see select send set settle share show sign skip speak spell start state stay stop
submit suggest summarise summarize suspend switch take tell terminate test thank track transfer troubleshoot try
turn understand unlock update upgrade use validate verify view visit wait waive walk warn wish work write
"""
_ACTIONS_ELSEWHERE = """
prüfe prüfen frage fragen nenne nennen erklären erkläre bieten biete bestätigen bestätige notieren notiere
senden sende öffnen öffne begrüßen begrüße bedanken verabschieden erfassen legen leiten suchen geben gib weisen
informieren informiere teilen stellen stelle tragen trage klären kläre vereinbaren vereinbare wiederholen
wiederhole bitten bitte vérifiez vérifier demandez demander expliquez proposez envoyez confirmez notez saluez
remerciez informez créez verifique pregunte explique ofrezca envíe confirme salude agradezca informe solicite
compruebe verificare verifica chiedere chiedi spiega offri conferma saluta controleer vraag bevestig sprawdź
zapytaj potwierdź
"""
ACTION_VERBS = frozenset(_ACTIONS.split()) | frozenset(_ACTIONS_ELSEWHERE.split())
_ANY_ACTION = "|".join(sorted(_ACTIONS.split(), key=len, reverse=True))
_POLITE_ACTION = "|".join(word for word in _ACTIONS_ELSEWHERE.split() if word.endswith("n"))
AGENT_ACTS = re.compile(
    r"(?<!\w)(?:you|the agent|agents?|we|staff|the assistant)(?: \w+ly)? (?:should|must|need to|needs to|have to|"
    r"has to|will|can|may|shall|are to|is to|are allowed to|could)(?: also| then| first| always| now| only| try)?"
    r"(?: \w+ly)? "
    rf"(?:to )?(?:{_ANY_ACTION})(?!\w)|(?<!\w)(?:{_POLITE_ACTION}) sie(?!\w)",
    _I,
)
LEADING = re.compile(
    r"(?:(?:then|next|first|second|third|finally|lastly|also|always"
    r"|only|please|now|politely|calmly|briefly|immediately|once"
    r"|and|dann|zuerst|danach|anschließend|bitte|immer|ensuite|puis|luego|poi)[,:]?\s+)+",
    _I,
)
