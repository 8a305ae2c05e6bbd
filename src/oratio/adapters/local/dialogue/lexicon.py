"""Word lists of the rules: words without content, everyday words, words that say the same."""

from oratio.text.stop_words import CONVERSATION, FUNCTION_WORDS


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STOPWORDS = FUNCTION_WORDS | CONVERSATION

EVERYDAY = _words(
    """
    use used using uses make makes made making take takes taking took go goes going come find show shows see
    look work works working put keep try happen happens happened happening set way ways time people person day
    new old good bad best better first last next big small right wrong sure user users customer customers
    client clients caller guest member agent agents company business case info information detail details step
    steps part point call calls called available different include includes including included general allow
    allowed able offer offers provide provides support supported type types problem problems issue issues
    difference thing matter reason one two three number numbers bring
    run exist level levels cause causes solution idea stay stop end
    """
)

# Words that open a sentence and may be written small inside another.
LOWERABLE = _words(
    """
    the a an if you your to it this that these those there when after before for in on at by use using as each
    every any all some once while with we our they their make check ask turn please no not can do most only
    first ensure verify guide follow good common even data mobile problems connected
    """
)

# Verbs that open an instruction.
IMPERATIVE = _words(
    """
    check send inform ask confirm apply gather calculate make verify use offer tell collect provide look
    explain transfer greet thank say ensure get take find record note open create update close read repeat
    apologise apologize escalate follow wait list identify authenticate request schedule book notify guide
    remind advise enable resume help let give issue process review determine obtain refer contact call add
    remove cancel refund log enter select locate never always do don't deny describe state summarize summarise
    invite place submit assign redirect validate share suggest recommend keep hold arrange investigate proceed
    try run start begin hand put pass
    """
)

SYNONYMS: tuple[tuple[str, ...], ...] = (
    ("mms", "picture", "photo", "image", "pic", "multimedia", "snap"),
    ("message", "messaging", "text", "sms"),
    ("reboot", "restart"),
    ("phone", "device", "handset", "smartphone", "cellphone", "mobile"),
    ("slow", "sluggish"),
    ("speed", "fast", "quick"),
    ("internet", "data", "web", "online"),
    ("abroad", "travel", "traveling", "travelling", "overseas", "roaming", "foreign", "trip"),
    ("bill", "invoice"),
    ("pay", "payment", "paid"),
    ("disable", "deactivate", "off"),
    ("enable", "activate", "on"),
    ("cost", "price", "fee", "charge", "rate", "expensive", "tariff", "costs"),
    ("free", "complimentary"),
    ("free", "cost"),
    ("refund", "reimburse", "reimbursement"),
    ("cancel", "cancellation", "abort"),
    ("return", "sendback"),
    ("exchange", "swap", "replace"),
    ("change", "modify", "switch", "update", "alter", "edit", "adjust"),
    ("ship", "shipping", "delivery", "deliver", "dispatch", "postage", "arrive"),
    ("buy", "purchase"),
    ("hour", "open", "opening"),
    ("close", "shut"),
    ("check", "verify", "inspect"),
    ("remove", "delete", "erase"),
    ("need", "require", "required", "requirement", "necessary", "prerequisite", "mandatory"),
    ("cause", "reason", "why"),
    ("fix", "resolve", "repair", "troubleshoot", "solve", "mend"),
    ("allow", "permit", "permitted"),
    ("maximum", "max", "most", "limit", "cap", "maxium"),
    ("minimum", "min", "least"),
    ("wifi", "wireless"),
    ("signal", "reception", "bar", "coverage"),
    ("lost", "lose", "loss", "missing"),
    ("insert", "seat", "reseat", "reinsert"),
    ("email", "mail"),
    ("escalate", "transfer"),
    ("suspend", "suspension"),
    ("identify", "identity", "authenticate", "authentication", "verification"),
    ("permission", "access"),
    ("warranty", "guarantee"),
    ("breakfast", "meal"),
    ("pet", "animal"),
    ("dog", "pet"),
    ("cat", "pet"),
    ("park", "parking", "car"),
    ("child", "children", "kid", "baby", "infant"),
    ("cheap", "cheapest", "lowest"),
    ("stand", "abbreviation", "acronym"),
    ("job", "career", "hiring", "vacancy"),
    ("older", "old", "legacy"),
    ("measure", "test"),
    ("display", "show", "icon"),
    ("topup", "refuel", "add"),
    ("use", "consume", "usage"),
    ("holiday", "vacation"),
    ("interfere", "interference", "conflict"),
    ("bag", "luggage", "suitcase", "baggage"),
    ("house", "building", "hotel"),
    ("status", "state"),
    ("option", "choice", "alternative"),
    ("hire", "rent", "rental"),
    ("employee", "staff"),
    ("deposit", "bail"),
    ("swim", "pool"),
    ("error", "failure", "fault"),
    ("password", "passcode"),
    ("ticket", "case"),
    ("schedule", "timetable"),
    ("appointment", "booking", "reservation", "book", "reserve"),
    ("discount", "reduction"),
    ("doctor", "physician"),
    ("subscription", "membership"),
    ("size", "big", "large", "sqm"),
    ("leave", "depart", "departure"),
    ("delay", "late"),
    ("limit", "restrict", "restriction"),
    ("connect", "connection", "connectivity"),
    ("start", "begin", "beginning"),
)

# Forms whose stem the stemmer does not find, to the form whose stem they share; a word to itself is left as it is.
IRREGULAR = {
    "paid": "pay",
    "sent": "send",
    "lost": "lose",
    "began": "begin",
    "bought": "buy",
    "went": "go",
    "took": "take",
    "broke": "break",
    "broken": "break",
    "chose": "choose",
    "chosen": "choose",
    "held": "hold",
    "kept": "keep",
    "left": "leave",
    "children": "child",
    "suspension": "suspend",
    "suspensions": "suspend",
    "cancellation": "cancel",
    "cancellations": "cancel",
    "does": "do",
    "news": "news",
    "wireless": "wireless",
}
