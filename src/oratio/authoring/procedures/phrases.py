"""Phrases of the read-back in the four languages."""

# ruff: noqa: E501, RUF001 - a table of phrases: one entry a line

_EN = {
    "ask": "Ask for {0}.", "ask_question": "Ask: “{0}”", "ask_whether": "Ask whether {0}.", "ask_wh": "Ask {0}.", "or_else": "If the caller has not got it, {0} will do.",
    "again": "Ask it again on each pass.", "request": "Ask the caller to {0}, and wait until it is done.", "say": "Say that {0}.", "words": "Say in exactly these words: “{0}”", "act": "{0}.",
    "do": "Do: {0}.", "human": "For a human to do afterwards: {0}.", "operation": "Call {0}.", "on_error": "If that fails:", "search": "Look up in the documents: {0}.", "hand_off": "Hand over to {0}.", "hand_off_any": "Hand over to a human.",
    "at_once": "At once: {0}", "go_to": "Go to {0}.", "go_to_most": "Go to {0}, at most {1} times.", "then": "After that:", "end": "End here.", "if": "If {0}:", "or_if": "Or if {0}:", "otherwise": "Otherwise:",
    "and": " and ", "or": " or ", "not": "it is not so that {0}", "is": "{0} is {1}", "among": "{0} is {1}", "yes": "the answer to {0} is yes", "no": "the answer to {0} is no", "known": "{0} is known", "unknown": "the caller has no {0}",
    "gt": "{0} is above {1}", "ge": "{0} is {1} or more", "lt": "{0} is below {1}", "le": "{0} is at most {1}", "eq": "{0} is exactly {1}", "ne": "{0} is not {1}",
    "since": "{0} was {1} {2} ago", "until": "{0} is {1} {2} ahead", "op_gt": "more than", "op_ge": "at least", "op_lt": "less than", "op_le": "at most", "op_eq": "exactly", "op_ne": "not",
    "clock": "the time is between {0} and {1}", "count_step": "{0} was done {1} times", "count_asks": "the caller asks for the {0}. time", "judged": "in your words “{0}”",
    "never": "Never {0}.", "always": "Always: {0}.", "only_if": "Only if {1}: {0}.", "only_after": "Only after “{1}”: {0}.", "at_most": "At most {1} times: {0}.", "exactly_these_words": "In exactly these words: “{1}” ({0}).",
    "when": "If {1}: {0}", "trigger": "Hand over to {1} when {0}.", "trigger_any": "Hand over to a human when {0}.", "danger": "Danger, before everything else: {0}", "before": "Before that:", "starts": "Starts when a caller comes with: {0}",
    "opening": "At the start of each conversation", "closing": "At the end of each conversation", "only": "The one procedure of this SOP", "rules": "Throughout", "triggers": "To a human", "lines": "lines", "line": "line",
    "boundary": "At exactly {0}: nothing is said – is that meant?", "step": "step {0}", "procedure": "“{0}”", "at_or_above": "", "facts": "What is asked",
}  # fmt: skip
_DE = {
    **_EN, "ask": "Nach {0} fragen.", "ask_question": "Fragen: „{0}“", "ask_whether": "Fragen, ob {0}.", "ask_wh": "Fragen, {0}.", "or_else": "Hat der Anrufer das nicht, genügt {0}.", "again": "Bei jedem Durchgang neu fragen.",
    "request": "Den Anrufer bitten: {0}; warten, bis es getan ist.", "say": "Sagen, dass {0}.", "words": "Genau so sagen: „{0}“", "do": "Tun: {0}.", "human": "Erledigt danach ein Mensch: {0}.", "operation": "{0} aufrufen.", "on_error": "Wenn das misslingt:",
    "search": "In den Unterlagen nachsehen: {0}.", "hand_off": "Übergeben an: {0}.", "hand_off_any": "An einen Menschen übergeben.", "at_once": "Sofort: {0}", "go_to": "Weiter bei {0}.", "go_to_most": "Weiter bei {0}, höchstens {1}-mal.", "then": "Danach:", "end": "Hier enden.",
    "if": "Wenn {0}:", "or_if": "Oder wenn {0}:", "otherwise": "Sonst:", "and": " und ", "or": " oder ", "not": "nicht gilt: {0}", "is": "{0}: {1}", "among": "{0}: {1}", "yes": "auf {0} mit Ja geantwortet wird", "no": "auf {0} mit Nein geantwortet wird", "known": "{0} bekannt ist", "unknown": "{0} fehlt",
    "gt": "{0} über {1} liegt", "ge": "{0} mindestens {1} ist", "lt": "{0} unter {1} liegt", "le": "{0} höchstens {1} ist", "eq": "{0} genau {1} ist", "ne": "{0} nicht {1} ist", "since": "{0} {1} {2} zurückliegt", "until": "{0} {1} {2} in der Zukunft liegt",
    "op_gt": "mehr als", "op_ge": "mindestens", "op_lt": "weniger als", "op_le": "höchstens", "op_eq": "genau", "op_ne": "nicht", "clock": "es zwischen {0} und {1} Uhr ist", "count_step": "{0} schon {1}-mal getan ist", "count_asks": "der Anrufer zum {0}. Mal fragt", "judged": "in Ihren Worten „{0}“",
    "never": "Niemals: {0}.", "always": "Immer: {0}.", "only_if": "Nur wenn {1}: {0}.", "only_after": "Erst nach „{1}“: {0}.", "at_most": "Höchstens {1}-mal: {0}.", "exactly_these_words": "Genau in diesen Worten: „{1}“ ({0}).", "when": "Wenn {1}: {0}", "trigger": "Übergeben an {1}, wenn {0}.", "trigger_any": "An einen Menschen übergeben, wenn {0}.",
    "danger": "Gefahr, geht allem vor: {0}", "before": "Vorher:", "starts": "Beginnt, wenn ein Anrufer damit kommt: {0}", "opening": "Am Anfang jedes Gesprächs", "closing": "Am Ende jedes Gesprächs", "only": "Der einzige Ablauf dieser Anweisung", "rules": "Durchgehend", "triggers": "An einen Menschen", "lines": "Zeilen", "line": "Zeile",
    "boundary": "Bei genau {0} ist nichts gesagt – ist das so gemeint?", "step": "Schritt {0}", "procedure": "„{0}“", "facts": "Was gefragt wird",
}  # fmt: skip
_ES = {
    **_EN, "ask": "Preguntar: {0}.", "ask_question": "Preguntar: «{0}»", "ask_whether": "Preguntar si {0}.", "ask_wh": "Preguntar {0}.", "or_else": "Si no lo tiene, basta {0}.", "again": "Volver a preguntarlo en cada vuelta.", "request": "Pedir a la persona: {0}; esperar a que esté hecho.", "say": "Decir que {0}.",
    "words": "Decir exactamente: «{0}»", "do": "Hacer: {0}.", "human": "Lo hace después una persona: {0}.", "operation": "Llamar a {0}.", "on_error": "Si falla:", "search": "Buscar en los documentos: {0}.", "hand_off": "Pasar a: {0}.", "hand_off_any": "Pasar a una persona.", "at_once": "De inmediato: {0}", "go_to": "Ir a {0}.",
    "go_to_most": "Ir a {0}, como máximo {1} veces.", "then": "Después:", "end": "Terminar aquí.", "if": "Si {0}:", "or_if": "O si {0}:", "otherwise": "En otro caso:", "and": " y ", "or": " o ", "not": "no se cumple que {0}", "is": "{0}: {1}", "among": "{0}: {1}", "yes": "la respuesta a {0} es sí", "no": "la respuesta a {0} es no",
    "known": "se conoce {0}", "unknown": "falta {0}", "gt": "{0} supera {1}", "ge": "{0} es {1} o más", "lt": "{0} es menos de {1}", "le": "{0} es como máximo {1}", "eq": "{0} es exactamente {1}", "ne": "{0} no es {1}", "since": "{0}: hace {1} {2}", "until": "{0}: dentro de {1} {2}", "op_gt": "más de", "op_ge": "al menos",
    "op_lt": "menos de", "op_le": "como máximo", "op_eq": "exactamente", "op_ne": "no", "clock": "son entre las {0} y las {1}", "count_step": "ya se hizo {1} veces: {0}", "count_asks": "lo pide por {0}.ª vez", "judged": "en sus palabras «{0}»", "never": "Nunca: {0}.", "always": "Siempre: {0}.", "only_if": "Solo si {1}: {0}.",
    "only_after": "Solo después de «{1}»: {0}.", "at_most": "Como máximo {1} veces: {0}.", "exactly_these_words": "Exactamente con estas palabras: «{1}» ({0}).", "when": "Si {1}: {0}", "trigger": "Pasar a {1} cuando {0}.", "trigger_any": "Pasar a una persona cuando {0}.", "danger": "Peligro, antes que nada: {0}", "before": "Antes:",
    "starts": "Empieza cuando alguien llega con: {0}", "opening": "Al principio de cada conversación", "closing": "Al final de cada conversación", "only": "El único procedimiento", "rules": "En todo momento", "triggers": "A una persona", "lines": "líneas", "line": "línea", "boundary": "Con exactamente {0} no se dice nada: ¿es intencionado?",
    "step": "el paso {0}", "procedure": "«{0}»", "facts": "Lo que se pregunta",
}  # fmt: skip
_FR = {
    **_EN, "ask": "Demander : {0}.", "ask_question": "Demander : « {0} »", "ask_whether": "Demander : {0} ?", "ask_wh": "Demander {0}.", "or_else": "À défaut, {0} suffit.", "again": "Le redemander à chaque passage.", "request": "Prier la personne : {0} ; attendre que ce soit fait.", "say": "Dire : {0}.", "words": "Dire exactement : « {0} »",
    "do": "Faire : {0}.", "human": "Fait ensuite par une personne : {0}.", "operation": "Appeler {0}.", "on_error": "En cas d'échec :", "search": "Chercher dans les documents : {0}.", "hand_off": "Transférer à : {0}.", "hand_off_any": "Transférer à une personne.", "at_once": "Tout de suite : {0}", "go_to": "Aller à {0}.",
    "go_to_most": "Aller à {0}, au plus {1} fois.", "then": "Ensuite :", "end": "Terminer ici.", "if": "Si {0} :", "or_if": "Ou si {0} :", "otherwise": "Sinon :", "and": " et ", "or": " ou ", "not": "il n'est pas vrai que {0}", "is": "{0} : {1}", "among": "{0} : {1}", "yes": "la réponse à {0} est oui", "no": "la réponse à {0} est non",
    "known": "{0} est connu", "unknown": "{0} manque", "gt": "{0} dépasse {1}", "ge": "{0} vaut {1} ou plus", "lt": "{0} vaut moins de {1}", "le": "{0} vaut au plus {1}", "eq": "{0} vaut exactement {1}", "ne": "{0} ne vaut pas {1}", "since": "{0} : il y a {1} {2}", "until": "{0} : dans {1} {2}", "op_gt": "plus de", "op_ge": "au moins",
    "op_lt": "moins de", "op_le": "au plus", "op_eq": "exactement", "op_ne": "pas", "clock": "il est entre {0} et {1}", "count_step": "cela a été fait {1} fois : {0}", "count_asks": "la personne demande pour la {0}e fois", "judged": "selon vos mots « {0} »", "never": "Jamais : {0}.", "always": "Toujours : {0}.", "only_if": "Seulement si {1} : {0}.",
    "only_after": "Seulement après « {1} » : {0}.", "at_most": "Au plus {1} fois : {0}.", "exactly_these_words": "Exactement ces mots : « {1} » ({0}).", "when": "Si {1} : {0}", "trigger": "Transférer à {1} quand {0}.", "trigger_any": "Transférer à une personne quand {0}.", "danger": "Danger, avant tout le reste : {0}", "before": "Avant :",
    "starts": "Commence quand on vient pour : {0}", "opening": "Au début de chaque conversation", "closing": "À la fin de chaque conversation", "only": "La seule procédure", "rules": "En tout temps", "triggers": "Vers une personne", "lines": "lignes", "line": "ligne", "boundary": "À exactement {0}, rien n'est dit : est-ce voulu ?",
    "step": "l'étape {0}", "procedure": "« {0} »", "facts": "Ce qui est demandé",
}  # fmt: skip
_PHRASES = {"en": _EN, "de": _DE, "es": _ES, "fr": _FR}


def phrase(tag: str, key: str, *parts: object) -> str:
    """Return a phrase with its parts filled in, in English for a language that has none."""
    return _PHRASES.get(tag, _EN)[key].format(*parts)
