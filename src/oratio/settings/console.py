"""Sign-in of the console."""

from typing import Literal

from pydantic import Field, SecretStr

from oratio.settings.section import SettingsSection


class ConsoleSettings(SettingsSection):
    """Sign-in of the console."""

    console_oidc_client_id: str | None = Field(
        None, description="Client id of the console at `jwt_issuer`: operators sign in there; unset: by `oratio token`."
    )
    console_oidc_client_secret: SecretStr | None = Field(None, description="The client's secret at the provider.")
    console_oidc_token: Literal["id", "access"] = Field(
        "id", description="Which of the provider's tokens the API is shown: the one whose audience is `jwt_audience`."
    )
    console_cookie_secret: SecretStr | None = Field(
        None, description="Signs the console's sign-in cookies; the same for all consoles; unset: a file of this one."
    )
