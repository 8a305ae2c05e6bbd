"""Grammar table of French."""

# ruff: noqa: RUF001, E501, SIM905 - a table of words with typographic marks: one entry a line

import re

from oratio.authoring.procedures.grammar.base import Grammar, words

_PERSON = r"(?:clients?|cliente|appelants?|usagers?|patients?|patiente|utilisateurs?|visiteurs?|personnes?|voyageurs?|membres?|locataires?|abonnés?)"
_CALLER = rf"(?:(?:le|la|les|l['’]|au|à la|à l['’]|aux|du|de la|de l['’]|un|une)\s*{_PERSON}|{_PERSON}|lui|leur)"
_TO_CALLER = rf"(?:-?(?:lui|leur))?(?:\s+(?:au|à la|à l['’]|aux)\s*{_PERSON})?"
_SAY = r"(?:dites|dire|dis|expli(?:quez|quer|que)|inform(?:ez|er)|indi(?:quez|quer)|mentionn(?:ez|er)|précis(?:ez|er)|rappel(?:ez|er)(?!\s+(?:le client|plus tard))|annonc(?:ez|er)|répond(?:ez|re)|signal(?:ez|er))"
_VERBS = (
    rf"(?:{_SAY}|demand(?:ez|er|e)|recueill(?:ez|ir)|collect(?:ez|er)|not(?:ez|er)|obten(?:ez|ir)|relev(?:ez|er)|propos(?:ez|er)|offr(?:ez|ir)|salu(?:ez|er)|remerci(?:ez|er)|souhait(?:ez|er)|confirm(?:ez|er)|"
    r"vérifi(?:ez|er)|contrôl(?:ez|er)|cherch(?:ez|er)|consult(?:ez|er)|transfér(?:ez|er)|transmett(?:ez|re)|pass(?:ez|er)|orient(?:ez|er)|mett(?:ez|re)|escalad(?:ez|er)|réserv(?:ez|er)|cré(?:ez|er)|ouvr(?:ez|ir)|"
    r"ferm(?:ez|er)|envoy(?:ez|er)|annul(?:ez|er)|modifi(?:ez|er)|enregistr(?:ez|er)|all(?:ez|er)|reven(?:ez|ir)|retourn(?:ez|er)|continu(?:ez|er)|poursuiv(?:ez|re)|répét(?:ez|er)|lis(?:ez|e)|lire|termin(?:ez|er)|"
    r"raccroch(?:ez|er)|attend(?:ez|re)|recommand(?:ez|er)|excus(?:ez|er)|présent(?:ez|er)|appel(?:ez|er)|planifi(?:ez|er)|donn(?:ez|er)|promett(?:ez|re)|prév(?:enez|enir)|lanc(?:ez|er)|assur(?:ez|er)|ne|n['’]|jamais|veuillez|demandez-lui|dites-lui)(?!\w)"
)


def _reshape(text: str, subject: bool, negative: bool) -> tuple[str, bool]:
    """Take the two halves of a French negation out: `ne promettez jamais de date` becomes `promettez de date`."""
    if found := re.match(
        r"(?:ne\s+|n['’])(?P<verb>[\w'’-]+)\s+(?:jamais|pas|plus|aucun\w*|rien)(?!\w)\s*(?P<rest>.*)$",
        text,
        re.IGNORECASE,
    ):
        return f"{found['verb']} {found['rest']}".strip(), True
    if found := re.match(r"(?:ne\s+)(?:jamais|pas|plus)\s+(?P<rest>.*)$", text, re.IGNORECASE):
        return found["rest"], True
    text = re.sub(r"^(\w+ez)-(?:le|la|les)(?!\w)", r"\1 le client", text, flags=re.IGNORECASE)
    text = re.sub(r"^(\w+ez)-(?:lui|leur)(?!\w)", r"\1 au client", text, flags=re.IGNORECASE)
    return re.sub(r"^veuillez\s+", "", text, flags=re.IGNORECASE), negative


FRENCH = Grammar(
    tag="fr",
    common=frozenset(
        "le la les et est vous des un une pour que dans pas si du au client avec sur ne ou demandez à de il elle".split()
    ),
    caller=_CALLER,
    agent=r"(?:(?:vous|nous|on|il|(?:le|la|l['’]|un)\s*(?:agent|assistant|conseiller|opérateur))\s+)(?:(?:devez|devons|doit|pouvez|pouvons|peut|faut|avez à|souhaitons|voulons|ne devez|ne pouvez)\s+)(?:(?:jamais|pas|toujours|d['’]abord)\s+)?",
    openers={
        "unless": words("sauf si", "à moins que", "sauf"),
        "only_if": words("seulement si", "uniquement si", "à condition que", "que si"),
        "otherwise": words("sinon", "autrement", "dans le cas contraire", "dans les autres cas", "si non"),
        "if": words(
            "si",
            "quand",
            "lorsque",
            "lorsqu['’]\\w+",
            "dès que",
            "en cas de",
            "en cas d['’]\\w+",
            "s['’]il",
            "s['’]ils",
            "au cas où",
        ),
        "before": words("avant de", "avant que", "avant d['’]\\w+"),
        "after": words("après", "passés?", "au bout de"),
        "until": words("jusqu['’]à ce que", "jusqu['’]à"),
    },
    adverbs=r"(?:et|mais|puis|ensuite|alors|d['’]abord|aussi|également|enfin|finalement|s['’]il vous plaît|maintenant|à la fin|au début|dans ce cas|toujours|immédiatement|tout de suite|important|note|remarque|quoi qu['’]il arrive|dans tous les cas|poliment)\s*[,:]?\s+",
    negations=r"(?:ne\s+(?:jamais|pas)|jamais|en aucun cas|sous aucun prétexte|évitez de|il est interdit de|pas de|(?:vous|nous|il|on)\s+ne\s+(?:devez|devons|pouvez|faut|doit|peut)\s+(?:jamais|pas))(?!\w)\s*",
    inner_negations=words("jamais", "pas"),
    musts=words("devez", "doit", "toujours", "obligatoire", "il faut"),
    verbs=_VERBS,
    firm_verbs=rf"(?:{_SAY}|demandez|proposez|transférez|vérifiez|notez|confirmez|allez à|revenez à|retournez à|passez à l['’]étape|terminez|saluez|remerciez|puis|ne)(?!\w)",
    plain_agent=r"nous\s+\w+",
    hearers=r"(?:il|elle|ils)\s+(?:recevra|reçoit|recevront)",
    joints=r"et puis|et ensuite|et|puis|mais|sinon",
    then=r"alors",
    requests=rf"(?:(?:et|puis|d['’]abord)\s+)*(?:demandez|dites|conseillez|invitez|proposez)\s*{_TO_CALLER}(?:\s*{_CALLER})?\s+(?:de|d['’]|à)\s*\w",
    takes_if=rf"(?:demand(?:ez|er)(?:-lui)?|vérifi(?:ez|er)|savoir|voir|confirm(?:ez|er)|{_PERSON}|même|que|seulement|uniquement)$",
    before_infinitive=r"(?:\b(?:à|de|d|client|il|elle|et|ou|ne|pas))$",
    never_trailing=frozenset({"en cas de", "dès que", "sauf"}),
    acts=(
        (
            "goto",
            r"(?:allez|aller|revenez|revenir|retournez|retourner|passez|passer|continuez|poursuivez|reprenez)\s+(?:directement\s+)?(?:à|avec|au)\s*(?:l['’])?(?:étape|point|section)\s*(?P<step>[\w.]+)(?P<rest>.*)",
        ),
        ("repeat", r"(?:répétez|répéter)\s+(?:l['’])?(?:étape|point)\s*(?P<step>[\w.]+)(?P<rest>.*)"),
        (
            "handoff",
            rf"(?:transférez|transférer|transmettez|passez|passer|orientez|escaladez|mettez|dirigez)\s*(?:{_CALLER}|l['’]appel|le dossier|la demande|la conversation)?\s*(?:immédiatement |directement |en relation |en contact )*(?:à|au|aux|vers|avec)\s+(?P<what>(?!l['’]étape|étape).+)$",
        ),
        (
            "handoff",
            r"(?:appelez|prévenez)\s+(?P<what>(?:\w+\s+|l['’]){0,2}(?:superviseur|responsable|manager|infirmi\w+|médecin|technicien|collègue|chef)\b.*)",
        ),
        ("end", r"(?:terminez|terminer|mettez fin à)\s+(?:l['’]appel|la conversation).*|raccrochez.*"),
        ("wait", r"attend(?:ez|re)\s*(?:la réponse.*)?$"),
        ("search", r"(?:cherchez|chercher|consultez|consulter|recherchez)\s+(?P<what>.+)"),
        (
            "ask_yes",
            rf"(?:demandez|obtenez)\s*{_TO_CALLER}\s*(?:une |la |sa |son |le )?(?:confirmation|consentement|accord|autorisation)\b(?P<rest>.*)",
        ),
        (
            "whether",
            rf"(?:demand(?:ez|er)|vérifi(?:ez|er))\s*{_TO_CALLER}\s*(?:si\s+|(?=s['’]il|s['’]elle))(?P<what>.+)",
        ),
        (
            "ask_wh",
            rf"(?:demand(?:ez|er)|not(?:ez|er))\s*{_TO_CALLER}\s*(?P<what>(?:(?:à|de|pour|depuis|avec|dans) )?(?:combien|quel(?:le)?s?|quand|où|comment|pourquoi|qui|ce qu['’e]\w*)\b.+)",
        ),
        (
            "provide",
            rf"(?:demand(?:ez|er)|invitez)\s*{_TO_CALLER}\s*(?:{_CALLER}\s+)?(?:de|d['’]|à)\s*(?:donner|fournir|indiquer|préciser|communiquer|épeler)\s+(?P<what>.+)",
        ),
        (
            "request",
            rf"(?:demand(?:ez|er)|dites|conseillez|invitez|priez)\s*{_TO_CALLER}\s*(?:{_CALLER}\s+)?(?:de\s+|d['’]|à\s+)(?P<what>(?:ne pas\s+)?\w+(?:er|ir|re)\b.*)",
        ),
        (
            "nouns",
            rf"(?:demand(?:ez|er)|recueill(?:ez|ir)|collect(?:ez|er)|not(?:ez|er)|obten(?:ez|ir)|relev(?:ez|er))\s*{_TO_CALLER}\s*:?\s*(?P<what>.+)",
        ),
        ("statement", rf"{_SAY}\s*{_TO_CALLER}(?:\s*{_CALLER})?\s+(?:que\s+|qu['’])(?P<what>.+)"),
        (
            "tell",
            rf"(?:{_SAY}|propos(?:ez|er)|offr(?:ez|ir)|salu(?:ez|er)|remerci(?:ez|er)|souhait(?:ez|er)|confirm(?:ez|er)|recommand(?:ez|er)|excus(?:ez|er)|présent(?:ez|er)|lisez|lire|répétez|répéter|donn(?:ez|er)|promett(?:ez|re))(?!\w).*",
        ),
    ),
    says=r"(?:dites|dire|donnez|donner|promettez|promettre|mentionnez|révélez|révéler|proposez|communiquez|communiquer|divulguez|garantissez|parlez|discutez|conseillez|affirmez)(?!\w)",
    manners=r"(?:soyez|restez|parlez|utilisez|gardez|vouvoyez|adoptez|sois|reste)(?!\w)",
    articles=r"(?:(?:le|la|les|un|une|des|du|son|sa|ses|leur|leurs|votre|chaque|tous?|toutes?|au|aux)\s+|l['’]\s*|d['’]\s*|de\s+(?:la\s+)?)+",
    stop=frozenset(
        "le la les un une des du de d l à au aux en et ou que qui se son sa ses est sont était a ont pour par avec sur dans si ne pas ce cette il elle ils vous nous client patient encore déjà plus très quel quelle quand combien s qu n c y".split()
    ),
    numbers={
        w: v
        for v, w in enumerate("zéro un deux trois quatre cinq six sept huit neuf dix onze douze".split())
        if w != "un"
    }
    | {"vingt": 20, "trente": 30, "cinquante": 50, "cent": 100, "mille": 1000, "une seule": 1},
    units={
        r"jours? (?:ouvrés?|ouvrables?)": "working_days",
        r"jours?": "days",
        r"heures?": "hours",
        r"minutes?|min": "minutes",
        r"secondes?": "seconds",
        r"semaines?": "weeks",
        r"mois": "months",
        r"ans?|années?": "years",
    },
    comparisons=(
        (
            "ge",
            r"(?:au moins|au minimum|minimum|à partir de|pas moins de|>=|≥)\s*#|#(?P<noun>(?: [\w-]+){0,2}?) (?:ou|et) plus",
        ),
        (
            "le",
            r"(?:au plus|au maximum|maximum|jusqu['’]à|pas plus de|dans les|sous|<=|≤)\s*#|#(?P<noun>(?: [\w-]+){0,2}?) ou moins",
        ),
        ("gt", r"(?:plus de|supérieure?s? à|au-dessus de|dépasse(?:nt)?|au-delà de|>)\s*#"),
        ("lt", r"(?:moins de|inférieure?s? à|en dessous de|<)\s*#"),
        ("eq", r"(?:exactement|égale?s? à|=)\s*#"),
    ),
    between=r"entre\s*#\s*et\s*#|de\s*#\s*à\s*#",
    elapsed_since=r"(?:il y a|depuis|dans les|après|passés?|au bout de)\s+(?:\w+\s+){0,2}#",
    elapsed_until=r"(?:dans|avant)\s+(?:\w+\s+){0,2}#|#\s*avant",
    clock=(
        ("between", r"(?:entre|de)\s+(?P<a>@)\s*(?:et|à|-|–)\s*(?P<b>@)"),
        ("after", r"(?:après|à partir de)\s+(?P<a>@)"),
        ("before", r"(?:avant|jusqu['’]à)\s+(?P<b>@)"),
    ),
    negative=words("ne", "n['’]", "pas", "jamais", "sans", "aucun\\w*"),
    lacks=words("n['’]a pas", "n['’]ont pas", "ne (?:connaît|trouve|sait|possède|dispose) pas", "sans"),
    has=words("a", "possède", "connaît", "dispose de"),
    types=(
        ("email", r"e-?mail|courriel|mail\b"),
        ("phone", r"téléphone|portable|mobile"),
        ("identifier", r"\b(?:numéro|code|référence|identifiant|immatriculation|iban|n°)"),
        ("date", r"\bdate\b|\bjour\b|\bquand\b|naissance"),
        ("time", r"\bheure\b"),
        ("duration", r"combien de temps|durée|délai"),
        ("amount", r"montant|prix|somme|coût|salaire|revenus?|solde|valeur|tarif"),
        ("integer", r"combien de|nombre de|âge"),
        ("decimal", r"pourcentage|poids|taille|température"),
        ("boolean", r"\(o/n\)|\(oui/non\)"),
    ),
    wh=words("combien", "quel(?:le)?s?", "quand", "où", "comment", "pourquoi", "qui"),
    yes=frozenset({"oui", "o", "ok"}),
    no=frozenset({"non", "n"}),
    opposites=(
        ("allumé", "éteint"),
        ("allumée", "éteinte"),
        ("ouvert", "fermé"),
        ("ouverte", "fermée"),
        ("actif", "inactif"),
        ("disponible", "indisponible"),
        ("valide", "invalide"),
        ("valide", "expiré"),
        ("possible", "impossible"),
        ("payé", "impayé"),
        ("payée", "impayée"),
        ("correct", "incorrect"),
        ("plein", "vide"),
    ),
    limit=r"(?:au plus|au maximum|maximum|pas plus de|jusqu['’]à|seulement)\s+(?P<n>une fois|#)(?:\s+fois)?(?:\s+(?P<noun>\w+))?",
    attempts=r"après\s+(?P<n>#|le (?:premier|deuxième|troisième)|la (?:deuxième|troisième))\s*(?:essais?|tentatives?|fois|redémarrages?)?|(?P<n2>#)\s*(?:essais|tentatives|fois)",
    nth_time=r"(?:pour la|la|sa|une|c['’]est la|le|un)\s+(?P<nth>première|deuxième|seconde|troisième|quatrième)\s+(?:fois|demande|appel|tentative|essai)",
    conjunctions=words("et", "ainsi que"),
    disjunctions=words("ou"),
    urgent=words("immédiatement", "tout de suite", "sans délai", "aussitôt", "sur-le-champ", "d['’]urgence"),
    danger=words("danger(?:eux)?", "urgence", "112", "15", "18"),
    headings={
        "rules": r"\b(?:règles?|consignes|politiques?|interdictions?|interdit|jamais|important|limites)\b",
        "handoff": r"\b(?:transfert|transférer|escalade|humain|conseiller|superviseur)\b",
        "example": r"\b(?:exemples?|dialogues?)\b",
        "style": r"\b(?:style|ton|voix|langue|personnalité)\b",
        "opening": r"\b(?:accueil|ouverture|début|introduction|salutation)\b",
        "closing": r"\b(?:clôture|fin|conclusion|au revoir)\b",
        "background": r"\b(?:contexte|à propos|glossaire|définitions|portée|objet|objectif|historique|version|informations?)\b",
    },
    columns={
        "condition": r"\b(?:situation|cas|si|condition|problème|motif|évènement|événement|statut|quand)\b",
        "action": r"\b(?:action|que faire|réponse|procédure|solution|étape|alors|faire)\b",
        "needs": r"\b(?:nécessite|besoin|requis|demander|données|informations?)\b",
        "forbidden": r"\b(?:ne pas|jamais|interdit)\b",
        "who": r"\b(?:qui|responsable|équipe|décide)\b",
    },
    step_word="étape",
    value_of="valeur : {}",
    date_of="date : {}",
    date_label="date",
    number_of="nombre de {}",
    second_person=(
        (rf"(?<!\w)(?:le|la)\s+{_PERSON}\s+(?:veut|souhaite)", "vous souhaitez"),
        (rf"(?<!\w)(?:le|la)\s+{_PERSON}\s+a(?!\w)", "vous avez"),
        (rf"(?<!\w)(?:le|la)\s+{_PERSON}\s+est(?!\w)", "vous êtes"),
        (r"(?<!\w)s['’](?:il|elle)\s+", "si vous "),
        (r"(?<!\w)(?:son|sa)(?=\s)", "votre"),
        (r"(?<!\w)ses(?=\s)", "vos"),
    ),
    reshape=_reshape,
    passive_handoff=r"(?P<who>.+?)\s+(?:doit|doivent|devra|devront)\s+être\s+(?:transféré|orienté|mis en relation|transmis|dirigé)\w*\s+(?:à|au|aux|vers|avec)\s+(?P<what>.+)$",
    alternative=r"(?P<what>.+?)\s+(?:suffit|convient|fera l['’]affaire)(?:\s+(?:aussi|également))?\W*$",
    aux=r"(?:est|sont|a|ont|était|peut|peuvent|est-ce que|avez|êtes|voulez|y a-t-il|fonctionne)(?!\w)",
    caller_clause=rf"^(?:(?:les|le|la|tous?|toute)?\s*(?:{_PERSON}|ceux|quiconque))\s+(?:qui\s+)?(?P<what>.+)$",
    only=r"(?:seulement|uniquement)\s+(?!si\b)",
    asks=r"(?:demand(?:ez|er)(?:-lui)?)(?!\w)",
    form_units=r"(?:chiffres|caractères|lettres)(?!\w)",
    form_starts=r"(?:commence|commencent|commençant|débute)\s+(?:toujours\s+)?par\s+(?:les lettres\s+|la lettre\s+)?[\"«“]?\s*(?P<what>[A-Z0-9]{1,6})\b",
    cuts=r"afin de|afin que|pour que|avant de|parce que|car|quand|si|jusqu['’]à|pour (?=\w+er\b)",
    possessors=r"(?:suivants?\s+)",
    read_back=r"(?:relisez|répétez|résumez|lisez)",
    confirm_clause="c'est exact",
    confirm_label="confirmation",
    because=r",?\s+(?:car|parce que|puisque|afin que)\s",
    topic_label="motif de l'appel",
    message_label="message",
    tail=r"aussi|également|s['’]il vous plaît|maintenant",
    times={"une fois": 1, "deux fois": 2, "trois fois": 3},
    again=r"(?:faites|répétez|refaites)(?:-le| cela| ceci)?",
    again_words=r"\s*\b(?:encore une fois|de nouveau|à nouveau|une deuxième fois|deux fois)\b",
    limit_opens=r"au plus|au maximum|maximum|pas plus de|jusqu['’]à|seulement (?:une|deux)",
    others=frozenset({"autre", "autres", "tout le reste", "autre cas"}),
    after_word="après",
    contact=r"(?:un|une|le|la|quelqu['’]un|les|des)?\s*(?:client|cliente|appelant|patient|usager|personne)?s?\s*(?:appelle|appellent|contacte|écrit|signale|demande|veut)\b",
    tries=r"essai|tentative|fois",
    permits=r"\b(?:pouvez|peut|pouvons)\b",
    lead_only=r"(?:étapes|suit|suivants?|suivantes?)[^,.]{0,20}$",
    checks=r"(?:vérifi(?:ez|er)|contrôl(?:ez|er))(?!\w)",
    greets=r"(?:salu|accueill)",
    only_word="seulement",
    not_word="pas",
    identity=r"(?:bonjour,?\s+)?(?:vous êtes|tu es|vous travaillez|votre (?:nom|rôle|mission) est|nous sommes|je suis)\b",
    error=r"(?:(?:une|d['’]) ?)?(?:erreur|échec|échoue)\b",
    danger_label=r"^(?P<what>[^=:]{2,60}?)\s*(?:=|:|\best\b|->|→)\s*(?:très )?(?:danger\w*|urgence)\W*$",
    denies_ai=r"\b(?:IA|robot|bot|machine|automatique|assistant virtuel)\b",
    once=r"\s+(?:(?P<once>une (?:seule )?fois)|(?P<twice>deux fois))$",
    bare_negation=r"(?:(?:mais|et|note|:|,)\W*)*pas\s+(?!de\b)",
    asks_same=r"\b(?:demande|veut|souhaite|réclame|même)\b",
    chart_ends=r"début|fin|départ",
    quantity=r"(?:combien de|combien d['’]|nombre de)\s*(?P<noun>[\w-]+)",
)
