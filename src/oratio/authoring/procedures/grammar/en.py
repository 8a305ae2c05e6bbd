"""Grammar table of English."""

# ruff: noqa: RUF001, E501, SIM905 - a table of words with typographic marks: one entry a line

from oratio.authoring.procedures.grammar.base import Grammar, words

_PERSON = r"(?:user|customer|caller|client|guest|patient|member|visitor|buyer|passenger|tenant|owner|contact|student|person)s?"
_ANYONE = r"(?:people|somebody|someone|anybody|anyone)"
_SUBJECT = rf"(?:they|he|she|the {_PERSON})"
_CALLER = rf"(?:them|him|her|(?:the |each |every |a |an |any )?{_PERSON}|people|everybody|anyone)"
_TO = r"(?:\s+(?:straight |directly |immediately |on |over |back |through )?(?:to|with)\s+(?P<what>.+))?"

ENGLISH = Grammar(
    tag="en",
    common=frozenset("the and to of is you for with that not if are this your be must when ask do in it or by".split()),
    caller=_CALLER,
    agent=(
        r"(?:(?:you|we|i|(?:the |our |an? )?(?:\w+ )?(?:agents?|assistants?|representatives?|bots?|operators?|advisers?|"
        r"advisors?|team members?|staff|employees?))\s+(?:(?:first|then|also|simply|next|must|should|need(?:s)? to|"
        r"ha(?:ve|s) to|can|may|will|shall|are to|is to|are allowed to|are required to|ought to|want(?:s)? to|would like to|"
        r"do|does)\s+)*"
        r"|(?:make sure|be sure|remember|ensure|try|feel free)\s+to\s+|(?:it is|it's)\s+(?:important|necessary|required)\s+to\s+)"
    ),
    openers={
        "unless": words("unless", "except (?:if|when)", "but not (?:if|when)"),
        "only_if": words("(?:if and )?only (?:if|when|where)", "provided that", "as long as"),
        "otherwise": words(
            "otherwise",
            "else",
            "if not",
            "if none of (?:these|those|this|that)[^,:]*",
            "in all other cases",
            "in any other case",
            "failing that",
            "for any other[^,:]*",
        ),
        "if": words(
            "if",
            "when(?:ever)?",
            "in case(?: of)?",
            "in the event (?:that|of)",
            "should",
            "where",
            "once",
            "as soon as",
            "for(?= (?:callers|customers|people|users|anyone|orders|items|requests|calls))",
            "on(?= (?:error|failure))",
            "assuming",
        ),
        "before": words("before", "prior to"),
        "after": words("only after", "after", "once", "as soon as"),
        "until": words("until", "till"),
    },
    adverbs=(
        r"(?:and|but|so|then|first(?:ly)?|second(?:ly)?|third(?:ly)?|next|also|finally|lastly|please|pls|now|just|simply|instead|"
        r"afterwards?|after that|after this|in that case|in this case|at the end|at the start|at the beginning(?: of the \w+)?|"
        r"at first|to (?:begin|start|finish)(?: with)?|whatever happens|no matter what|in any case|in all cases|"
        r"under all circumstances|at all times|immediately|politely|briefly|always|in addition|additionally|however|"
        r"\w+ly(?=,)|as an? [\w ]{2,40}(?=,)|to (?:transfer|escalate|hand over)(?=,)|nb|note|important|remember|to do so|to do this|thank you|yes|ok|still|again|either|both|kindly)\s*[,:]?\s+"
    ),
    negations=(
        r"(?:never(?: ever)?|do not|don['’]?t|does not|doesn['’]t|must not|mustn['’]?t|must never|cannot|can ?not|can['’]t|may not|"
        r"may never|should not|shouldn['’]t|should never|shall not|will not(?! be able)|won['’]t(?! be able)|will never|(?:are|is) (?:not|never) "
        r"(?:allowed|permitted|authori[sz]ed|supposed) to|aren['’]t allowed to|not allowed to|(?:under no circumstances|in no (?:case|event)|at no time)(?: (?:shall|may|should|must|can|will) (?:(?:the|an?) )?\w+)?|"
        r"not|avoid|refrain from|no(?= \w+ing\b))(?!\w)\s*(?:ever\s+|under any circumstances\s+)?"
    ),
    inner_negations=words(
        "must not",
        "mustn['’]?t",
        "(?:is|are) (?:not|never) (?:allowed|permitted|acceptable)",
        "(?:is|are) (?:strictly )?(?:forbidden|prohibited)",
        "cannot",
        "can only be",
        "may not",
    ),
    musts=words("must", "always", "have to", "has to", "need to", "required", "mandatory", "at all times"),
    verbs=(
        r"(?:(?:name|note|record|list|change|state|return|refund|report|review|file|issue|process|quote|check|call|share|help|answer|wish|request|offer|book|order|number|start|end|contact|show|select|update|guide)(?!\s*(?:[,.;:)/&]|and\b|or\b|$))|ask|tell|say|inform|explain|let|advise|remind|apologi[sz]e|thank|greet|welcome|mention|recommend|suggest|"
        r"promise|confirm|verify|collect|gather|obtain|take|get|find|look|search|consult|transfer|hand|"
        r"escalate|forward|refer|put|pass|connect|arrange|schedule|create|open|close|send|cancel|"
        r"change|register|log|submit|apply|calculate|go|continue|proceed|repeat|read|"
        r"end|hang|wait|make|give|provide|describe|enquire|inquire|identify|authenticate|locate|"
        r"stop|use|follow|try|set|add|remove|block|unblock|lift|resume|enable|disable|replace|notify|assign|"
        r"select|choose|enter|follow up|skip|move|switch|warn|reassure|summari[sz]e|deny|refuse|decline|reject|accept|disclose|reveal|instruct|invite|"
        r"approve|discuss|walk|direct|don['’]?t|do not|never|please|we|you)(?!\w)"
    ),
    acts=(
        (
            "goto",
            r"(?:(?:go|jump|move|return|proceed|continue|skip|switch|advance)(?: on| back| ahead| again| straight| directly)*"
            r"(?: to| with| at)?|follow|start again (?:at|from)|see|(?:back|on) to)\s+(?:the )?"
            r"\[?(?:steps?|points?|sections?|path|no\.?|number|§)\s*(?P<step>[\w.]+)\]?(?P<rest>.*)",
        ),
        ("goto_start", r"(?:start (?:again|over)|go back to the (?:start|beginning|top)|begin again)\b(?P<rest>.*)"),
        ("repeat", r"(?:repeat|redo)\s+(?:the )?(?:steps?|points?)\s*(?P<step>[\w.]+)(?P<rest>.*)"),
        (
            "again",
            r"(?:do (?:this|that|it)|try (?:this|that|it)|repeat(?: (?:this|that|it))?)(?: again)?\s+(?P<rest>(?:at most|up to|no more|not more|"
            r"a maximum|once|twice|until|\w+ times).*)",
        ),
        (
            "handoff",
            r"(?:transfer|hand|escalate|forward|put|pass|connect|refer|redirect|route|patch)"
            r"(?:\s+(?:it|this|that|the (?:call|case|conversation|request|matter|issue|chat)|" + _CALLER + r"))?"
            r"(?:\s+(?:over|through|off|on|along|up)\b)?" + _TO + r"$",
        ),
        (
            "handoff",
            r"(?:call|get|fetch|involve|bring in|alert|page|notify|contact)\s+(?P<what>(?:the |a |an |your |our )?(?:\w+ ){0,2}"
            r"(?:supervisor|manager|human|colleague|team lead|nurse|doctor|technician|specialist|duty \w+|person|"
            r"agent|officer|engineer on duty))\b.*$",
        ),
        (
            "handoff",
            r"(?:call|get|fetch|alert|involve|ring)\s+(?P<what>(?-i:[A-Z][a-zà-ÿ]+)(?: (?-i:[A-Z][a-zà-ÿ]+))?)$",
        ),
        (
            "end",
            r"(?:end|close|finish|terminate) (?:the )?(?:call|conversation|chat|session|case)\b.*|hang up\b.*|stop here\b.*",
        ),
        ("wait", r"wait(?: for (?:the |their |an? )?(?:answer|reply|response|caller|customer|user)\b.*)?$"),
        ("search", r"(?:look up|search(?: for| in)?|consult|find out from|check in)\s+(?P<what>.+)"),
        ("search", r"answer (?:only )?(?:from|with|using|based on)\s+(?P<what>.+)"),
        ("tell", rf"ask (?:{_CALLER} )?how (?:you|we|i) (?:can|may|could) (?:help|assist|be of).*"),
        ("manner", r"ask only\b.*"),
        (
            "ask_yes",
            r"(?:ask|wait) for (?:an? |their |explicit |the )*(?:yes|confirmation|consent|permission|approval|agreement|ok|okay)"
            r"(?P<rest>.*)",
        ),
        (
            "ask_yes",
            r"(?:obtain|get) (?:an? |their |explicit |the |user |customer |caller )*(?:confirmation|consent|permission|approval|"
            r"agreement|ok|okay)(?P<rest>.*)",
        ),
        ("ask_yes", rf"(?:ask|have|get) {_CALLER} (?:to )?(?:confirm|approve|agree)(?P<rest>.*)"),
        (
            "provide",
            rf"(?:ask|invite|request|get|have) {_CALLER} (?:to )?(?:provide|give|state|spell|share|tell (?:you|us|me)|say|specify|"
            r"describe|name|enter|select|choose|read out)\s+(?P<what>.+)",
        ),
        (
            "whether",
            rf"(?:ask|find out|check with {_CALLER}|enquire|inquire|see|establish|clarify|determine|check|know|verify with {_CALLER})"
            rf"(?: {_CALLER})? (?:whether|if) (?P<what>.+)",
        ),
        (
            "request",
            rf"(?:ask|tell|advise|instruct|request|invite|remind|urge|have|get|encourage|direct|guide|help)\s+{_CALLER} (?:to|not to) "
            r"(?P<what>.+)",
        ),
        (
            "ask_one_of",
            r"(?:ask|find out|clarify|determine|establish)\s+(?:which|what) (?:of (?:these|the following)|one)[^:]*:\s*(?P<what>.+)",
        ),
        (
            "ask_wh",
            rf"(?:ask|find out|enquire|inquire|establish|clarify|determine|note|know|identify)(?: {_CALLER})? "
            r"(?:(?:about|for) )?(?P<what>(?:(?:for|by|to|since|until|from|at|on|in) )?(?:how|what|which|when|where|why|who|whose)\b.+)",
        ),
        ("nouns", rf"(?:ask|request|prompt|query)(?: {_CALLER})? (?:for|about|after)\s+(?P<what>.+)"),
        (
            "nouns",
            r"(?:collect|gather|obtain|capture|record|take down|take|note down|note|write down|get|know|have|request|need|require)\s*:?\s+"
            r"(?=(?:(?:the|their|an?|his|her|down|first|all|any|your|customer['’]?s?|caller['’]?s?|user['’]?s?|guest['’]?s?)\s+)*"
            r"(?:\w+[\s-]){0,3}?(?:names?|numbers?|no\b|address(?:es)?|e-?mails?|dates?|dob\b|day|time|details?|codes?|ids?|phone|postcode|zip|reason|"
            r"amount|model|account|reference|description|birth|contact)\b)(?P<what>.+)",
        ),
        (
            "nouns",
            r"look at\s+(?P<what>(?:(?:the|their|your)\s+)?(?:\w+\s)?(?:date|time|amount|price|age|number|value|balance)\b.*)",
        ),
        (
            "nouns",
            r"(?:collect|gather|obtain|capture)(?:\s*:\s*|\s+(?=(?:their|his|her|the caller|the customer|the user)\b))(?P<what>.+)",
        ),
        ("nouns", r"(?:make sure|ensure) (?:that )?(?:you|we) (?:have|know|get)\s+(?P<what>.+)"),
        (
            "nouns",
            rf"(?:verify|authenticate|identify|validate|confirm)\s+(?:the )?{_PERSON}(?:['’]s|s['’])\s+(?P<what>.+)",
        ),
        ("nouns", r"(?:verify|authenticate|identify|validate|confirm)\s+their\s+(?P<what>.+)"),
        (
            "nouns",
            rf"(?:the |a )?{_PERSON} (?:must|should|needs? to|has to|have to) (?:provide|confirm|give|state|supply|share)\s+(?P<what>.+)",
        ),
        ("nouns_bare", r"ask\s+(?!only|what|how|why|again)(?:the |their |for |an? )*(?P<what>.+)"),
        ("message", r"take (?:only )?(?:a|the) (?:message|note)\b.*"),
        (
            "statement",
            rf"(?:tell|inform|advise|remind|notify|let|warn|assure|reassure)\s+(?:{_CALLER}|you|us)\s*(?:know)?,?\s+that\s+(?P<what>.+)",
        ),
        (
            "statement",
            r"(?:say|explain|state|mention|confirm|answer|reply|point out|clarify)\s+(?:to (?:them|him|her|the \w+) )?that\s+(?P<what>.+)",
        ),
        ("tell", rf"(?:tell|inform|remind|let|give|show|read)\s+{_CALLER}(?!\w).*"),
        ("tell", r"send (?:them |him |her |the \w+ )?(?:the |this |a )?(?:following )?(?:message|text|reply)\b.*"),
        ("caller_statement", r"(?P<what>(?:they|he|she)\s+(?:will\s+)?\w+\s+.+)"),
        (
            "tell",
            r"(?:say|explain|state|mention|apologi[sz]e|thank|greet|welcome|wish|offer|recommend|suggest|promise|advise|warn|inform|"
            r"remind|reassure|name|quote|list|summari[sz]e|describe|read|repeat|answer|reply|respond|confirm|introduce|congratulate|"
            r"express|sympathi[sz]e|acknowledge|tell|provide|give|walk|guide|go through|deny|refuse|decline|stop)(?!\w).*",
        ),
    ),
    says=(
        r"(?:say|tell|promise|discuss|mention|give out|give (?:any |legal |medical |financial )?(?:advice|\w+ advice|information|details)|"
        r"give \w+(?: or \w+)* advice|reveal|disclose|share|"
        r"offer|state|quote|name|answer|recommend|suggest|talk|speak|claim|admit|guarantee|speculate|comment|confirm|"
        r"provide|explain|read out|ask|apologi[sz]e|make up|invent|pretend|argue|blame|guess|predict|estimate|diagnose|advise)(?!\w)"
    ),
    manners=r"(?:be(?! sure)|stay|remain|keep|sound|speak|use|talk|write|address|act|treat|respond)(?!\w)",
    firm_verbs=(
        r"(?:ask|say|inform|explain|offer|advise|remind|apologi[sz]e|thank|transfer|hand over|hand (?:it|them|him|her) over|escalate|"
        r"forward|refer|put (?:them|him|her|it|the \w+) through|pass (?:it|them|the \w+)|check (?:if|whether|that)|look up|verify|note|record|"
        r"(?:go|return|proceed|continue|skip|jump)(?: on| back| straight)* (?:to|with|at) (?:step|point|section|path|\[)|end the (?:call|conversation)|"
        r"tell (?!you|us|me)|repeat steps?|(?:go|start) (?:back|over|again)|then|do not|don['’]t|never|we|you (?:should|must|can|will)|book|create|send|confirm|read back|wish|say goodbye|"
        r"get (?:the |a )?(?:supervisor|manager|nurse|technician))(?!\w)"
    ),
    plain_agent=r"(?:we|you)\s+(?:first|then|must|should|always|never|want|need|have to|start|ask|do not|don['’]t|can)(?!\w)",
    hearers=r"(?:they|he|she)\s+(?:will\s+)?\w+",
    joints=r"and then|and also|then|and|but|otherwise|or else|so that",
    then=r"then",
    requests=rf"(?:(?:and|but|so|then|first|next|also|please|instead|politely)\s+)*(?:(?:you|we)\s+(?:\w+\s+){{0,2}})?(?:ask|tell|advise|instruct|request|invite|remind|urge|have|get)\s+{_CALLER} to\s",
    takes_if=rf"(?:ask|see|check|know|find out|verify|clarify|determine|establish|wonder|say|sure|test|enquire|inquire|tell)(?:s|ed)?(?: (?:{_CALLER}|you|us))?(?: \w+)?$|(?:even|as|only|but|what|about)$",
    before_infinitive=r"(?:\bto|\b(?:customer|caller|user|client|guest|patient|they|he|she|you|we|who|that|can|could|should|must|will|would|may|and|or|not|don['’]t|doesn['’]t|did|didn['’]t))$",
    never_trailing=frozenset({"once", "should", "where", "for", "on", "as soon as", "assuming"}),
    passive_handoff=(
        r"(?P<who>.+?)\s+(?:should|must|has to|have to|needs? to|is to|are to|will|gets?|goes|go|shall)?\s*(?:be |is |are )?(?:always )?(?:put through|transferred|handed over|handed|"
        r"passed|escalated|forwarded|referred|sent|connected|routed)(?: on| over| straight| directly| immediately)*(?:\s+(?:to|with)\s+(?P<what>.+))?$"
    ),
    alternative=r"(?P<what>.+?)\s+(?:will do|would do|is (?:also )?(?:fine|enough|ok(?:ay)?|sufficient|accepted)|works(?: too| as well)?|suffices)(?: too| as well| instead)?\W*$",
    aux=r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|may|should|shall|am)(?!\w)",
    caller_clause=r"^(?:(?:the |all |any )?(?:callers?|customers?|people|users?|clients?|guests?|anyone|anybody|those|patients?|someone|somebody|everyone))\s+(?:who|that|which|with)\s+(?P<what>.+)$",
    articles=r"(?:(?:the|a|an|their|his|her|its|your|any|some|all|each|our|this|that|one|my)\s+)+",
    stop=frozenset(
        "the a an of to for in on at by with and or is are was were be been has have had their his her its your any some all "
        "this that these those it they them he she you we i do does did will would can could should may there which who what "
        "as from than not no if when still already also just so anything something customer caller user client guest".split()
    ),
    numbers={
        word: value
        for value, word in enumerate(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
            "eighteen nineteen twenty".split()
        )
    }
    | {
        "thirty": 30,
        "forty": 40,
        "fifty": 50,
        "sixty": 60,
        "ninety": 90,
        "a hundred": 100,
        "hundred": 100,
        "thousand": 1000,
        "a dozen": 12,
        "half an": 0.5,
        "a single": 1,
    },
    units={
        r"working days?|business days?|workdays?": "working_days",
        r"days?|d": "days",
        r"hours?|hrs?|h": "hours",
        r"minutes?|mins?": "minutes",
        r"seconds?|secs?": "seconds",
        r"weeks?": "weeks",
        r"months?": "months",
        r"years?|yrs?|y": "years",
    },
    comparisons=(
        (
            "ge",
            r"(?:at least|no less than|not less than|no fewer than|a minimum of|minimum|>=|≥|from)\s*#|#(?P<noun>(?: [\w-]+){0,2}?) or (?:more|above|over|older|longer|higher|greater)\b|"
            r"#(?P<noun2>(?: [\w-]+){0,2}?) (?:and|or) (?:up|upwards|above|over)\b",
        ),
        (
            "le",
            r"(?:at most|up to|no more than|not more than|no longer than|not longer than|a maximum of|maximum|does not exceed|not above|not over|<=|≤|not older than|within(?: the (?:first|last))?)\s*#|"
            r"#(?P<noun>(?: [\w-]+){0,2}?) or (?:less|fewer|below|under|younger|shorter)\b",
        ),
        (
            "gt",
            r"(?:(?:more|greater|higher|longer|older|larger|bigger|later|heavier|further) than|above|over|exceed(?:s|ing)?|in excess of|beyond|>|past)\s*#",
        ),
        ("lt", r"(?:(?:less|fewer|lower|shorter|younger|smaller|earlier|cheaper|lighter) than|below|under|<)\s*#"),
        ("eq", r"(?:exactly|precisely|equal to|equals|=)\s*#|(?:is|was|are|of)\s+#$"),
    ),
    between=r"between\s*#\s*(?:and|to|-)\s*#|from\s*#\s*(?:to|until)\s*#",
    elapsed_since=r"#\s*(?:ago|old|earlier|since|has passed|have passed|after)\b|(?:for more than|for over|since|within the last|in the last|in the past|within|after|for)\s*#",
    elapsed_until=r"#\s*(?:away|ahead|from now|in the future|left|before)\b|(?:starts?|begins?|is|departs?|leaves?|arrives?|due|away)\s+(?:\w+\s+){0,3}in\s*#",
    clock=(
        ("between", r"(?:between|from)\s+(?P<a>@)\s*(?:and|to|until|-|–)\s*(?P<b>@)"),
        ("outside", r"outside(?: of)?\s+(?P<a>@)\s*(?:and|to|until|-|–)\s*(?P<b>@)"),
        ("after", r"(?:after|from|past)\s+(?P<a>@)"),
        ("before", r"(?:before|until)\s+(?P<b>@)"),
    ),
    negative=words(
        "not",
        "no",
        "n['’]t",
        "never",
        "isn['’]?t",
        "aren['’]?t",
        "wasn['’]?t",
        "doesn['’]?t",
        "don['’]?t",
        "hasn['’]?t",
        "haven['’]?t",
        "cannot",
        "can['’]t",
        "without",
    ),
    lacks=words(
        "(?:do(?:es)? not|don['’]t|doesn['’]t|has not|have not|hasn['’]t|haven['’]t|can ?not|can['’]t)(?: got| have| know| find| remember| provide| give| got)+",
        "has no",
        "have no",
        "without",
        "no",
        "there is no",
        "forgot(?:ten)?",
        "lost",
    ),
    has=words("has", "have", "knows?", "provides?", "gives?", "there is"),
    types=(
        ("email", r"e-?mail"),
        (
            "phone",
            r"(?:phone|mobile|cell|telephone|call-?back|contact)\s*(?:number|no\b|#)?$|\b(?:tele)?phone number\b",
        ),
        (
            "identifier",
            r"\b(?:number|no|id|code|reference|ref|imei|iban|serial|postcode|post code|zip(?: code)?|vin|pin|sku|plate|last (?:four|4) digits)\.?(?: of (?:the|their|an?) [\w ]+)?$|\b(?:id|number) of\b",
        ),
        ("date", r"\b(?:date|birthday|dob|day|birth)\b|\bwhen\b"),
        ("time", r"\btime\b|\bhour\b|what time"),
        ("duration", r"\bhow long\b|\bduration\b|\bfor how long\b|\bterm\b|\bperiod\b"),
        (
            "amount",
            r"\b(?:amount|price|cost|sum|balance|budget|income|salary|fee|value|worth|deposit|total)s?(?=$| (?:of|for|in|to|on|due)\b)|\bhow much\b",
        ),
        ("integer", r"\bhow many\b|\bnumber of\b|\bquantity\b|\bcount\b|\bage\b|\bhow old\b"),
        ("decimal", r"\b(?:percent(?:age)?|rate|weight|height|distance|temperature|size)\b"),
        ("boolean", r"\(y/n\)|\(yes/no\)|\byes or no\b"),
    ),
    wh=words("how", "what", "which", "when", "where", "why", "who", "whose"),
    yes=frozenset({"yes", "y", "true", "yeah", "ok"}),
    no=frozenset({"no", "n", "false", "nope"}),
    opposites=(
        ("on", "off"),
        ("open", "closed"),
        ("active", "inactive"),
        ("enabled", "disabled"),
        ("available", "unavailable"),
        ("valid", "invalid"),
        ("valid", "expired"),
        ("possible", "impossible"),
        ("plugged", "unplugged"),
        ("locked", "unlocked"),
        ("paid", "unpaid"),
        ("known", "unknown"),
        ("works", "fails"),
        ("up", "down"),
        ("full", "empty"),
        ("same", "different"),
        ("correct", "incorrect"),
        ("correct", "wrong"),
        ("right", "wrong"),
        ("installed", "missing"),
        ("new", "used"),
        ("opened", "unopened"),
    ),
    limit=r"(?:at most|up to|no more than|not more than|a maximum of|maximum|max\.?|only)\s+(?P<n>once|twice|thrice|#)(?:\s+times?)?(?:\s+(?P<noun>\w+))?",
    attempts=r"after\s+(?P<n>#|once|twice|the (?:first|second|third))\s*(?:failed |unsuccessful )?(?:try|tries|attempts?|times?|restarts?|rounds?|calls?)?|(?P<n2>#|twice)\s*(?:failed |unsuccessful )?(?:tries|attempts?|times)",
    nth_time=r"(?:for the|is the|the|their|a)\s+(?P<nth>first|second|third|fourth|fifth|sixth|2nd|3rd|4th|5th)\s+(?:time|request|call|attempt|try|question|wrong|failed)",
    conjunctions=words("and", "as well as"),
    disjunctions=words("or"),
    urgent=words(
        "at once", "immediately", "straight away", "right away", "without delay", "urgently", "now", "instantly"
    ),
    danger=words("danger(?:ous)?", "emergency", "life-threatening", "112", "911", "999", "evacuate"),
    headings={
        "rules": r"\b(?:rules?|guardrails?|guidelines?|policy|policies|restrictions?|prohibited|must not|never|do not|don['’]?ts?|not allowed|important|boundaries|constraints|compliance)\b",
        "handoff": r"\b(?:hand-?(?:off|over|ing over)|transfer|escalat\w+|human|when to (?:transfer|escalate|hand)|supervisor)\b",
        "example": r"\b(?:examples?|sample|dialogues?|transcripts?)\b",
        "style": r"\b(?:style|tone|voice|persona(?:lity)?|how to speak|language|manner|character)\b",
        "opening": r"\b(?:opening|greeting|start(?:ing)?|beginning|introduction|welcome|intro)\b",
        "closing": r"\b(?:clos(?:e|ing)|end(?:ing)?|wrap-?up|goodbye|farewell|finish(?:ing)?)\b",
        "background": r"\b(?:background|context|about(?: us)?|revision|history|glossary|definitions?|scope|purpose|overview|basics?|reference|faq|information|change ?log|version|metadata|contents)\b",
    },
    columns={
        "condition": r"\b(?:situations?|conditions?|if|when|cases?|problem|issue|scenarios?|reason|trigger|caller says|customer says|request|symptoms?|event|status|question)\b",
        "action": r"\b(?:actions?|do|does|response|steps?|what the agent|agent says|what to do|handling|resolution|solution|answer|then|procedure|reply|say|outcome)\b",
        "needs": r"\b(?:needs?|required?|ask(?: for)?|information|collect|data|facts?|documents?)\b",
        "forbidden": r"\b(?:must not|never|don['’]?t|do not|avoid|not allowed|forbidden|prohibited)\b",
        "who": r"\b(?:who|owner|responsible|decides|approv\w+|escalate(?: to)?|hand ?over to|team|level)\b",
    },
    step_word="step",
    value_of="value of {}",
    date_of="date of {}",
    second_person=(
        (rf"(?<!\w)(?:the )?{_PERSON}['’]s?(?!\w)|(?<!\w)(?:their|his)(?!\w)", "your"),
        (rf"(?<!\w){_SUBJECT} (?:has|have)(?!\w)", "you have"),
        (rf"(?<!\w){_SUBJECT} (?:is|are)(?!\w)", "you are"),
        (rf"(?<!\w){_SUBJECT} (?:was|were)(?!\w)", "you were"),
        (rf"(?<!\w){_SUBJECT} (?:does|do)(?!\w)", "you do"),
        (
            r"(?<!\w)(?<!other )(?<!many )(?<!more )(?:he|she|(?:the|a|an) " + _PERSON + r") (\w+[^s\W])s(?!\w)",
            r"you \1",
        ),
        (r"(?<!\w)(?<!other )(?<!many )(?<!more )(?:they|he|she|the " + _PERSON + r")(?!\w)", "you"),
        (r"(?<!\w)(?:them|themselves)(?!\w)", "you"),
    ),
    pronouns=frozenset({"it", "this", "that", "these", "those", "he", "she", "they"}),
    request_form=((r"\b(and|or|then) to (?=\w)", r"\1 "),),
    third_person=(
        (
            r"^(ask|tell|say|collect|check|verif|transfer|offer|explain|read|take|give|send|record|confirm|thank|greet|inform|advise|create|open|book|call|escalate|forward|get|note|provide|make)s\b",
            r"\1",
        ),
    ),
    only=r"only\s+(?!if\b|when\b|after\b)",
    asks=r"(?:ask|say|question|inquire|enquire)(?!\w)",
    form_units=r"(?:digits?|figures?|characters?|letters?|numbers?)(?!\w)",
    cuts=r"so that|so|in order to|before|because|as|when|if|unless|until|to(?= (?!the\b|an?\b|their\b|his\b|her\b|our\b|your\b)\w)|for (?=verification|the record)|via|then|again|too|first|and (?:then|wait|proceed)|from (?:the|them)|with which|to proceed|from the (?:caller|customer|user)",
    possessors=rf"{_PERSON}(?:['’]s|s['’])\s+|following\s+|down\s+|new\s+(?=new)|of\s+",
    read_back=r"(?:read .*\bback|repeat|summari[sz]e|recap|go over)(?!\w)",
    again=r"(?:repeat until|do (?:this|that|it|so)|try (?:this|that|it)|repeat (?:this|that|it))(?: again)?",
    again_words=r"\s*\b(?:again|a second time|twice|more than once|once more)\b",
    limit_opens=r"at most|up to|no more than|not more than|a maximum|max|only (?:once|twice|\w+ times)|once\b|twice\b",
    others=frozenset(
        {"other", "others", "anything else", "any other", "all others", "everything else", "default", "other answer"}
    ),
    contact=r"(?:somebody|someone|anybody|anyone|a |an |the |people|customers|callers|users|guests)?\s*(?:caller|customer|user|client|guest|patient|person)?s?\s*"
    r"(?:calls?|rings?|contacts?|phones?|writes?|reports?|gets? in touch|wants? to|asks? (?:about|for)|comes?)\b",
    chart_ends=r"start|end|stop|done|finish(?:ed)?|begin",
    identity=r"(?:hi,?\s+|hello,?\s+)?(?:you are|you['’]re|you (?:answer|speak|work|act) (?:for|at|as)|your (?:name|role|job|task|purpose) is|i am|i['’]m|we are|act as|as an? )\b",
    error=r"(?:(?:it|this|that|the \w+) )?(?:error|errors|failure|fails?|failed)\b",
    danger_label=r"^(?P<what>[^=:]{2,60}?)\s*(?:=|:|\bis\b|\bare\b|\bmeans\b|->|→)\s*(?:an? )?(?:very )?(?:danger\w*|emergency|life-threatening|urgent)\W*$",
    denies_ai=r"\b(?:AI|a\.i\.|(?:chat)?bot|robot|machine|automated|artificial|virtual assistant|language model)\b",
    once=r"\s+(?:(?P<once>once)|(?:only )?(?P<twice>twice))$",
    bare_negation=r"(?:(?:but|and|nb|note|important|:|,)\W*)*not\s+(?!be\b)",
    asks_same=r"\b(?:asks?|requests?|wants?|demands?|same)\b",
    greets=r"(?:greet|welcome|open|introduce|say hello|start)",
    no_object=r"(?P<verb>\w+) no (?!one\b|longer\b|matter\b|later\b|more\b|need\b)(?P<rest>\w.*)$",
    serial=r"\b(?:try|go|come)$",
    tries=r"\b(?:tries|try|attempts?|times)\b",
    permits=r"\b(?:can|may|are allowed to|is allowed to|feel free)\b",
    lead_only=r"(?:\bsteps|as follows|\bthe following|\bthese)\b[^,.]{0,20}$|^(?:do|follow|use)\b.{0,40}$",
    passive_only=r"(?P<who>.+?)\s+(?:can|may|must|should) only be\s+(?P<verb>\w+)(?P<rest>.*)$",
    passive_once=r"\s*\b(?:once|one time)\b(?:\s+per\s+(?P<per>\w+))?",
    echo=r"(?:it|this|that|they|he|she|so)(?:\s+(?:is|are|was|were|does|do|has|have|did|can))?(?P<no>\s*(?:not|n['’]t))?\W*$",
    checks=r"(?:check|verify|determine|establish|make sure|see)(?!\w)",
    topic_label="reason for the call",
    message_label="message",
    tail=r"as well|too|instead|again|now|then|for (?:assistance|help|support|further)[\w ]*|please",
    times={"once": 1, "twice": 2, "thrice": 3},
    confirm_clause="that is right",
    confirm_label="confirmation",
    because=r",?\s+(?:because|since|as|so that|in order)\s",
    quantity=r"(?:how many|number of|quantity of|amount of)\s+(?P<noun>[\w-]+)",
    form_starts=r"(?:starts?|begins?|beginning|starting)\s+(?:with|w/)\s*(?:the )?(?:letters?|digits?|prefix|code)?\s*[\"“']?(?P<what>[A-Z0-9]{1,6})\b",
    form_length=r"(?:has|have|of|with|and)?\s*#\s*(?P<what>digits|figures|characters|letters|numbers)",
)
