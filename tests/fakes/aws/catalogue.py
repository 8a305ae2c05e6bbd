"""The models of a region, and whether this account may call them: the few operations of `bedrock` that Oratio asks."""

from typing import Any

from tests.fakes.aws.model import AwsError


class CatalogueFake:
    """Attributes:
    missing: Models this account has no access to.
    """

    def __init__(self, models: tuple[str, ...]) -> None:
        self._models = models
        self.missing: set[str] = set()

    def list_inference_profiles(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"inferenceProfileSummaries": []}

    def get_foundation_model_availability(self, params: dict[str, Any]) -> dict[str, Any]:
        model = params["modelId"]
        if model not in self._models:
            raise AwsError("ResourceNotFoundException", f"there is no model {model}")
        held = model not in self.missing
        return {
            "modelId": model,
            "agreementAvailability": {"status": "AVAILABLE" if held else "NOT_AVAILABLE"},
            "authorizationStatus": "AUTHORIZED" if held else "NOT_AUTHORIZED",
            "entitlementAvailability": "AVAILABLE" if held else "NOT_AVAILABLE",
            "regionAvailability": "AVAILABLE",
        }
