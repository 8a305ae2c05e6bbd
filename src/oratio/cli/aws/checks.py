"""Read-only checks of `oratio doctor --platform aws`, in the order in which things have to work."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from oratio.adapters.aws.dynamodb.tables import names
from oratio.adapters.aws.session import AwsSession, error_code, translated
from oratio.adapters.aws.setup import table_problems
from oratio.cli.machine.checks import DoctorCheck
from oratio.errors import CloudRefused, NotFound, OratioError
from oratio.ports.secrets import SecretName
from oratio.settings import Settings

REGIONS = ("us-east-1", "us-west-2", "ap-northeast-1")
ROLES_TO_SPARE = 50
_DEPLOY = "create it with `oratio aws deploy`, or correct the setting that names it"

type Look = Callable[[AwsSession, Settings], str]


class AccountFault(Exception):
    """Failed check with a fix of its own."""

    def __init__(self, detail: str, fix: str) -> None:
        super().__init__(detail)
        self.fix = fix


def aws_checks(session: AwsSession, settings: Settings) -> list[DoctorCheck]:
    """Run every check; without an account to ask, the first alone."""
    found = []
    for name, look in _LOOKS.items():
        check = _checked(name, look, session, settings)
        found.append(check)
        if name == "account" and not check.ok:
            break
    return found


def _checked(name: str, look: Look, session: AwsSession, settings: Settings) -> DoctorCheck:
    try:
        return DoctorCheck(name, True, look(session, settings))
    except AccountFault as fault:
        return DoctorCheck(name, False, str(fault), fault.fix)
    except OratioError as error:
        return DoctorCheck(name, False, error.message, error.hint or "read the message, then try again")


def account(session: AwsSession, settings: Settings) -> str:
    """Check the credentials and their account."""
    with translated("the AWS account"):
        who = session.client("sts").get_caller_identity()
    if settings.aws.aws_account_id not in (None, who["Account"]):
        raise AccountFault(
            f"these credentials are of account {who['Account']}, not {settings.aws.aws_account_id}",
            "use the other account's credentials, or correct ORATIO_AWS_ACCOUNT_ID",
        )
    return f"{who['Account']} as {who['Arn'].rpartition(':')[2]}"


def region(session: AwsSession, settings: Settings) -> str:
    if session.region not in REGIONS:
        raise AccountFault(
            f"{session.region} lacks services that Oratio uses", f"set ORATIO_AWS_REGION to one of {', '.join(REGIONS)}"
        )
    return session.region


def buckets(session: AwsSession, settings: Settings) -> str:
    """Check that the buckets exist, are this account's, and are versioned."""
    client = session.client("s3")
    owner = {"ExpectedBucketOwner": settings.aws.aws_account_id} if settings.aws.aws_account_id else {}
    named = (settings.storage.knowledge_bucket, settings.storage.code_bucket, settings.storage.conversations_bucket)
    for name in named:
        try:
            with translated(f"the bucket {name}"):
                client.head_bucket(Bucket=name, **owner)
                versioning = client.get_bucket_versioning(Bucket=name, **owner).get("Status")
        except NotFound:
            raise AccountFault(f"the bucket {name} is missing", _DEPLOY) from None
        except CloudRefused as error:
            fix = "bucket names are shared by all of AWS: choose another BucketPrefix, and name it in ORATIO_*_BUCKET"
            raise AccountFault(f"the bucket {name} is not this account's ({error.reason})", fix) from None
        if versioning != "Enabled":
            raise AccountFault(
                f"the bucket {name} has versioning off", "turn versioning on; deleting an agent relies on it"
            )
    return ", ".join(named)


def tables(session: AwsSession, settings: Settings) -> str:
    if problems := list(table_problems(session, names(settings))):
        raise AccountFault("; ".join(problems), _DEPLOY)
    return f"{len(names(settings))} as the code wants them"


def secrets(session: AwsSession, settings: Settings) -> str:
    if settings.aws.secrets_folder:
        return f"mounted at {settings.aws.secrets_folder}"
    client = session.client("secretsmanager")
    for name in SecretName:
        secret = f"{settings.aws.secrets_prefix}{name}"
        try:
            with translated(f"the secret {secret}"):
                client.describe_secret(SecretId=secret)
        except NotFound:
            raise AccountFault(f"the secret {secret} is missing", _DEPLOY) from None
    return f"{len(SecretName)} under {settings.aws.secrets_prefix}"


def model(session: AwsSession, settings: Settings) -> str:
    """Check that the model that writes and answers may be called, directly or by an inference profile."""
    provider, _, model_id = settings.models.model.partition("/")
    if provider != "bedrock":
        raise AccountFault(
            f"ORATIO_MODEL is {settings.models.model}", "agents on AgentCore call Bedrock: set bedrock/<model id>"
        )
    client = session.client("bedrock")
    with translated(f"the model {model_id}"):
        known = [found["inferenceProfileId"] for found in _profiles(client)]
        if model_id in known:
            return f"{model_id}, an inference profile"
        _require_available(client, model_id)
    return model_id


def speech(session: AwsSession, settings: Settings) -> str:
    if settings.speech_models.speech != "nova-sonic":
        return f"{settings.speech_models.speech}, not Bedrock's"
    with translated(f"the model {settings.speech_models.speech_model}"):
        _require_available(session.client("bedrock"), settings.speech_models.speech_model)
    return settings.speech_models.speech_model


def knowledge_bases(session: AwsSession, settings: Settings) -> str:
    with translated("Bedrock's knowledge bases"):
        page = session.client("bedrock-agent").list_knowledge_bases(maxResults=100)["knowledgeBaseSummaries"]
    return f"{len(page)}{' or more' if len(page) == 100 else ''} there (managed: 10,000 an account)"


def agent_runtimes(session: AwsSession, settings: Settings) -> str:
    with translated("AgentCore's runtimes"):
        page = session.client("bedrock-agentcore-control").list_agent_runtimes(maxResults=100)["agentRuntimes"]
    return f"{len(page)}{' or more' if len(page) == 100 else ''} there (1,000 an account unless raised)"


def roles(session: AwsSession, settings: Settings) -> str:
    """Check that roles are left: each agent takes one, and accounts have few."""
    with translated("the account's roles"):
        summary = session.client("iam").get_account_summary()["SummaryMap"]
    used, quota = summary.get("Roles", 0), summary.get("RolesQuota", 1000)
    if quota - used < ROLES_TO_SPARE:
        raise AccountFault(f"{used} of {quota} roles are used", "raise `Roles per account` in Service Quotas")
    return f"{used} of {quota} used; an agent takes one"


def _profiles(client: Any) -> list[dict[str, str]]:
    pages = client.get_paginator("list_inference_profiles").paginate()
    return [found for page in pages for found in page["inferenceProfileSummaries"]]


def _require_available(client: Any, model_id: str) -> None:
    """Raise when the model does not exist here, or this account may not call it."""
    try:
        found = client.get_foundation_model_availability(modelId=model_id)
    except ClientError as error:
        if error_code(error) not in ("ResourceNotFoundException", "ValidationException"):
            raise
        raise AccountFault(
            f"there is no model {model_id} in this region", "correct its id, or choose another region"
        ) from None
    wanted = {
        "entitlementAvailability": "AVAILABLE",
        "regionAvailability": "AVAILABLE",
        "authorizationStatus": "AUTHORIZED",
    }
    wrong = [name for name, value in wanted.items() if found.get(name) != value]
    if wrong:
        raise AccountFault(
            f"the model {model_id} may not be called ({', '.join(wrong)})",
            "ask for it in the Bedrock console, Model access",
        )


_LOOKS: dict[str, Look] = {
    "account": account,
    "region": region,
    "buckets": buckets,
    "tables": tables,
    "secrets": secrets,
    "model": model,
    "speech": speech,
    "knowledge bases": knowledge_bases,
    "agent runtimes": agent_runtimes,
    "roles": roles,
}
