"""Words that carry no content: of English and other languages, and of conversation.

A search leaves out `FUNCTION_WORDS` only, because a document may well be about help, questions or kinds of things. What
callers wrap a question in (`CONVERSATION`) is left out where their words are compared with an answer.
"""

from oratio.text.stemming import words


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Articles, pronouns, prepositions, conjunctions, auxiliaries, and what contractions leave behind.
FUNCTION_WORDS = _set(
    """
    a about above after again all am an and any are as at be because been before being below between both but by can
    could did do does doing done down during each else for from further get gets got had has have having he her here
    hers herself him himself his how i if in into is it its itself just let like me might more most my myself no nor
    not now of off on once one only or other ought our ours ourselves out over own please same shall she should so
    some such tell than that the their theirs them themselves then there these they this those through to too under
    until up upon us very was we were what when where whether which while who whom whose why will with within without
    would you your yours yourself yourselves s t d ll re ve m don doesn didn isn aren wasn won im ive
    """
)

# The same of German, Spanish and French.
FUNCTION_WORDS_ELSEWHERE = _set(
    """
    der die das den dem ein eine einen einem einer wenn falls sobald und oder ist sind hat haben er sie es zu mit auf
    im in von für bei an nach nicht wird werden sich ob sonst noch etwas
    el la los las un una en que si con tiene del al le les est dans pour
    """
)

# How callers wrap what they ask, and words as good as empty in it.
CONVERSATION = _set(
    """
    actually against already also although always another anyone anything arent ask basically bit can't cannot cant
    couldn couldnt currently describe didnt doesnt dont either even ever every everything exactly explain getting give
    guys hasnt havent hello help heres hey hi hows id ill isnt kind kinds know lets long lot lots many may mean means
    meant mine much must need neither never often ok okay per possible possibly question questions quickly quite
    really say shouldn shouldnt somebody someone something soon sorry sort still thank thanks thats theres theyre
    thing things though today unless via wanna want wasnt weren werent whats wheres whos wonder wondering wont wouldn
    wouldnt yeah yes yet youre youve
    """
)


def content_words(text: str) -> list[str]:
    """Return the words of a question that carry meaning, once each, in order; all of them when none does."""
    found = list(dict.fromkeys(words(text)))
    return [word for word in found if word not in FUNCTION_WORDS] or found
