"""One agent's story as the OpenAPI document's examples.

Every example is valid against its schema; tests/api/schema/test_openapi.py holds them to it.
"""

import json
from collections.abc import Mapping
from typing import Any

from oratio.authoring.sop_check import check_sop

_AGENT = "6f1d2c9e-5b0a-4f3e-9a57-1f0c2f7a9b11"
_CONVERSATION = "0b9d6a52-77c4-4a1e-8a0e-5d3c1f2e4a90"
_AT = 1_795_368_880_211
_SHA, _SHA_2 = "4f0c" * 16, "91ab" * 16
_QUESTION, _ANSWER = "What does the basic plan cost?", "The basic plan costs 10 a month."
_SOP = "1. Greet the caller.\n2. Ask what is wrong.\n3. Answer from the documents."
_FILE = "# Manual\nHold the power button.\n"
_VOICE = f"ws://127.0.0.1:8401/v1/agents/{_AGENT}/voice"
_INVOKE = f"http://127.0.0.1:8400/api/agents/{_AGENT}/invocations"

_WORDS = {
    "agentName": "Help desk",
    "agentType": "voice",
    "sop": _SOP,
    "knowledgeBaseDescription": "Questions about our plans and devices",
    "humanHandoffDescription": "The caller asks for a human, or is upset",
}


def _sop_check() -> dict[str, Any]:
    return check_sop("1. Ask for the order number.\n2. Thank the caller.").model_dump(mode="json", by_alias=True)


_SUMMARY = {
    "agentId": _AGENT,
    "agentName": _WORDS["agentName"],
    "status": "active",
    "agentType": _WORDS["agentType"],
    "createdAt": _AT,
    "websocketUrl": _VOICE,
    "apiEndpoint": _INVOKE,
    "currentVersion": 1,
}
_DESCRIPTIONS = {"plans": {"": "Everything we sell", "prices.csv": "All plans with prices"}}
_LISTED = [
    {"path": "manual.md", "size": 24, "sha256": _SHA},
    {"path": "plans/prices.csv", "size": 19, "sha256": _SHA_2},
]
_REHEARSED = {"passed": True, "scenarios": 1, "failures": []}
_MODEL = "bedrock/us.anthropic.claude-sonnet-5"
_CITATION = {"path": "plans/prices.csv", "excerpt": "basic,10", "score": 0.91, "page": None, "heading": None}
_STEP = {"stepId": "s003", "title": "Answer from the documents", "lineStart": 3, "lineEnd": 3}
_TOOL = {"name": "search_knowledge_base", "status": "success", "ms": 12, "startedMs": 4}
_USAGE = {"inputTokens": 412, "outputTokens": 18}
_RESULT = {
    "answer": _ANSWER,
    "answered": True,
    "citations": [_CITATION],
    "handoff": None,
    "sopSteps": [_STEP],
    "usage": _USAGE,
    "model": "builtin",
    "toolCalls": [_TOOL],
}
_VERSION = {
    "version": 1,
    "status": "live",
    "createdAt": _AT,
    "updatedAt": _AT + 21_000,
    "activatedAt": _AT + 21_000,
    "override": None,
}
_REPORT = {
    "version": 1,
    "model": "builtin",
    "startedAt": _AT + 12_000,
    "endedAt": _AT + 15_000,
    "results": [
        {
            "scenario": {
                "scenarioId": "search-1",
                "title": "Answers from plans/prices.csv",
                "prompts": [_QUESTION],
                "expect": "answer",
                "cites": "plans/prices.csv",
            },
            "required": True,
            "passed": True,
            "reason": "it answered from plans/prices.csv",
            "turns": [{"prompt": _QUESTION, "answer": _ANSWER, "answered": True, "citations": [_CITATION]}],
        }
    ],
}
_KEY = {
    "keyId": "k_7d3f",
    "name": "Website",
    "prefix": "orat_live_7d3f",
    "scopes": ["invoke"],
    "origins": ["https://shop.example"],
    "createdAt": _AT,
    "expiresAt": 1_830_000_000_000,
    "lastUsedAt": None,
    "revokedAt": None,
}
_WEBHOOK = {"url": "https://hooks.example/oratio", "events": ["agent.active", "handoff.requested"]}
_WEBHOOK_SHOWN = {"webhookId": "3c1e7f0a", **_WEBHOOK, "createdAt": _AT}
_HEAD = {
    "conversationId": _CONVERSATION,
    "agentId": _AGENT,
    "version": 1,
    "channel": "text",
    "startedAt": _AT,
    "updatedAt": _AT + 900,
    "turns": 1,
    "outcome": "open",
    "handoff": None,
    "handoffFailure": None,
    "operator": None,
    "usage": _USAGE,
}
_FIGURES = {
    **dict.fromkeys(("calls", "callMs", "handoffs", "unanswered", "interrupted", "toolErrors", "failed"), 0),
    **dict.fromkeys(("conversations", "turns", "answered", "sourced"), 1),
    **dict.fromkeys(("voiceWaitP50Ms", "voiceWaitP95Ms")),
    "deadAirMs": 0,
    "textWaitP50Ms": 84,
    "textWaitP95Ms": 84,
    "usage": _USAGE,
}
_SAME = {"changed": False, "addedLines": 0, "removedLines": 0, "diff": ""}
_REPLAYED = {"answer": _ANSWER, "answered": True, "citations": [_CITATION], "handoff": None, "latencyMs": 84}
_UPLOAD = {"uploadId": "9b2f4c", "complete": False, "held": ["manual.md"], "missing": _LISTED[1:]}

# By the name of their schema.
BODIES: Mapping[str, Mapping[str, Any]] = {
    "Accepted": {"agentId": _AGENT, "status": "creating", "message": "Agent creation started"},
    "AcceptedVersion": {"agentId": _AGENT, "version": 2},
    "ActivateBody": {"overrideReason": "Listened to all scenarios"},
    "Activated": {"agentId": _AGENT, "version": 1, "status": "active"},
    "AgentDetail": {
        **_SUMMARY,
        **_WORDS,
        "folderFileDescriptions": _DESCRIPTIONS,
        "generatedPromptS3Path": f"s3://oratio-generated-code/alice/{_AGENT}/v1/prompt.md",
        "agentCodeS3Path": f"s3://oratio-generated-code/alice/{_AGENT}/v1/agent.py",
        "knowledgeBase": {
            "knowledgeBaseId": _AGENT,
            "status": "ready",
            "bedrockKnowledgeBaseId": None,
            "problems": [{"path": "scan.pdf", "reason": "it holds no text"}],
        },
        "updatedAt": _AT + 21_000,
        "latestVersion": 1,
        "progress": [
            {"step": "ingest_folder", "status": "succeeded", "startedAt": _AT, "endedAt": _AT + 400, "detail": ""}
        ],
        "error": None,
        "flowRunId": "0e4b7c1d-2f5a-4c7e-9d53-8a6b1c2d3e4f",
    },
    "AgentPage": {"agents": [_SUMMARY], "nextCursor": None},
    "AnalyticsView": {
        "since": _AT - 86_400_000,
        "until": _AT,
        "complete": True,
        "total": _FIGURES,
        "agents": [{"agentId": _AGENT, "lastAt": _AT, "figures": _FIGURES}],
        "days": [{"day": "2026-11-22", "beganAt": 1_795_305_600_000, "agentId": None, "figures": _FIGURES}],
        "reasons": [{"reason": "The caller asked for a human", "count": 1}],
    },
    "Answer": {"sessionId": _CONVERSATION, **_RESULT, "latencyMs": 84, "version": 1},
    "CallList": {
        "calls": [
            {
                "conversationId": _CONVERSATION,
                "agentId": _AGENT,
                "agentName": _WORDS["agentName"],
                "version": 1,
                "startedAt": _AT,
                "state": "handoff",
                "handoff": {"reason": "The caller asked for a human", "summary": "No service", "at": _AT + 9_000},
                "operator": None,
                "websocketUrl": f"ws://127.0.0.1:8401/v1/operator/{_CONVERSATION}",
            }
        ]
    },
    "ConversationDetail": {
        "conversation": _HEAD,
        "transcript": [{"at": _AT, "prompt": _QUESTION, "result": _RESULT, "latencyMs": 84}],
    },
    "ConversationPage": {"conversations": [_HEAD], "nextCursor": None},
    "DiffView": {
        "agentId": _AGENT,
        "version": 2,
        "against": 1,
        "identical": False,
        "fields": [{"field": "agentName", "before": "Help", "after": "Help desk"}],
        "sop": {"changed": True, "addedLines": 1, "removedLines": 0, "diff": "@@ -2,0 +3 @@\n+3. Answer.\n"},
        "files": [{"path": "plans/prices.csv", "change": "added", "before": None, "after": _SHA_2}],
        "descriptions": [{"path": "plans", "before": None, "after": "Everything we sell"}],
        "plan": {"addedSteps": ["Answer from the documents"], "text": {**_SAME, "changed": True, "diff": None}},
        "code": _SAME,
        "prompt": _SAME,
        "rehearsal": {
            "beforePassed": True,
            "afterPassed": True,
            "beforeScenarios": 1,
            "afterScenarios": 2,
            "scenarios": [{"title": "Answers from plans/prices.csv", "before": None, "after": True, "reason": ""}],
        },
    },
    "EventLog": {
        "events": [
            {
                **dict.fromkeys(("seq", "version"), 1),
                "at": _AT,
                "kind": "step",
                "status": "running",
                "step": "ingest_folder",
                "detail": "1 of 2 files",
            }
        ]
    },
    "KeyBody": {name: _KEY[name] for name in ("name", "scopes", "origins", "expiresAt")},
    "KeyList": {"keys": [_KEY]},
    "KnowledgeUseView": {
        "conversations": 1,
        "documents": [{"path": "plans/prices.csv", "conversations": 1}],
        "unanswered": [{"conversationId": _CONVERSATION, "at": _AT, "prompt": "When do you open?"}],
    },
    "NewKey": {**_KEY, "key": "orat_live_7d3f..."},
    "NewUpload": {**_UPLOAD, "ticket": "oratup_...", "expiresAt": _AT + 43_200_000},
    "NewWebhook": {**_WEBHOOK_SHOWN, "secret": "whsec_..."},
    "PromptBody": {"prompt": _QUESTION, "sessionId": _CONVERSATION},
    "ReadinessView": {"ready": True, "checks": {"records": {"ok": True, "detail": ""}}},
    "ReplayBody": {"conversations": 10},
    "ReplayView": {
        "agentId": _AGENT,
        "version": 2,
        "liveVersion": 1,
        "complete": True,
        "summary": {
            **dict.fromkeys(("changedAnswers", "changedHandoffs", "liveFailures", "candidateFailures"), 0),
            "turns": 1,
            "changedSources": 1,
            "liveLatency": {"p50Ms": 84, "p95Ms": 84},
            "candidateLatency": {"p50Ms": 80, "p95Ms": 80},
        },
        "conversations": [
            {
                "conversationId": _CONVERSATION,
                "channel": "text",
                "startedAt": _AT,
                "turns": [
                    {
                        "prompt": _QUESTION,
                        "live": _REPLAYED,
                        "candidate": {**_REPLAYED, "citations": [{**_CITATION, "path": "manual.md"}]},
                        "changed": ["sources"],
                    }
                ],
            }
        ],
    },
    "SopCheckBody": {
        "sop": "1. Ask for the order number.\n2. Thank the caller.",
        "tools": [{"name": "shop", "kind": "openapi", "operations": [{"id": "find_order"}]}],
    },
    "SopCheckView": _sop_check(),
    "SearchBody": {"query": "basic plan", "version": 1},
    "SearchView": {
        "version": 1,
        "passages": [{**_CITATION, "similarity": 0.82, "coverage": 1.0, "known": 1.0}],
    },
    "SystemView": {
        "version": "1.0.0",
        "platform": "local",
        "environment": "local",
        "model": "builtin",
        "answersBy": "rules over your documents, without a language model",
        "speech": "local",
        "sandbox": "namespaces",
        "urls": {"api": "http://127.0.0.1:8400", "voice": "ws://127.0.0.1:8401"},
        "limits": {"maxFiles": 1_000, "maxTotalBytes": 500_000_000, "maxFileBytes": 50_000_000},
    },
    "TicketBody": {"origin": "https://shop.example"},
    "TicketView": {"ticket": "eyJr...", "expiresAt": _AT + 60_000, "websocketUrl": _VOICE},
    "UploadBody": {"files": _LISTED},
    "UploadView": _UPLOAD,
    "VersionDetail": {
        **_VERSION,
        **_WORDS,
        "agentId": _AGENT,
        "folderFileDescriptions": _DESCRIPTIONS,
        "files": [{**_LISTED[0], "mediaType": "text/markdown"}],
        "plan": {"steps": [{"title": "Greet the caller"}]},
        "code": "def build_agent(ctx): ...\n",
        "prompt": "You are the help desk.\n",
        "rehearsal": _REPORT,
        "rehearsalSummary": _REHEARSED,
        "codeSha256": _SHA,
        "promptSha256": _SHA,
        "planSha256": _SHA_2,
        "creationCost": [
            {
                "step": "author_agent",
                "use": {"models": [{"model": _MODEL, "inputTokens": 9_000, "outputTokens": 1_200}]},
                "costEstimate": {
                    "amount": 0.045,
                    "currency": "USD",
                    "parts": [
                        {"name": f"{_MODEL} input", "quantity": 9_000, "unit": "token", "amount": 0.027},
                        {"name": f"{_MODEL} output", "quantity": 1_200, "unit": "token", "amount": 0.018},
                    ],
                },
            }
        ],
    },
    "VersionList": {
        "agentId": _AGENT,
        "currentVersion": 1,
        "versions": [{**_VERSION, "documents": 2, "rehearsal": _REHEARSED}],
    },
    "WebhookBody": _WEBHOOK,
    "WebhookList": {"webhooks": [_WEBHOOK_SHOWN]},
}

# By address and media type: what has no schema of its own name.
OTHERS: Mapping[tuple[str, str], Any] = {
    ("/api/agents", "multipart/form-data"): {
        **_WORDS,
        "folderFileDescriptions": '{"plans": {"prices.csv": "All plans with prices"}}',
        "files": [_FILE],
    },
    ("/api/agents/{agentId}/versions", "multipart/form-data"): {
        "sop": _SOP,
        "files": [_FILE],
        "deleteFiles": '["old.md"]',
        "activate": "false",
    },
    ("/api/uploads/{uploadId}/files/{sha256}", "application/octet-stream"): _FILE,
    ("/api/agents/{agentId}/events", "text/event-stream"): (
        f'id: 2\nevent: step\ndata: {{"seq":2,"at":{_AT},"kind":"step","version":1,"status":"running",'
        '"step":"ingest_folder","detail":""}\n\n'
    ),
    ("/api/agents/{agentId}/invocations", "text/event-stream"): (
        f'event: delta\ndata: {{"text":"The basic "}}\n\nevent: done\ndata: {json.dumps(BODIES["Answer"])}\n\n'
    ),
    ("/metrics", "text/plain"): "# TYPE oratio_turns_total counter\noratio_turns_total 42.0\n",
    ("/healthz", "application/json"): {"status": "ok"},
    ("/.well-known/jwks.json", "application/json"): {
        "keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "J7b...", "n": "0vx7...", "e": "AQAB"}]
    },
}
# Of each status, the code that is met most.
PROBLEMS: Mapping[str, str] = {
    "400": "malformed_body",
    "401": "not_authenticated",
    "403": "not_allowed",
    "404": "not_found",
    "405": "method_not_allowed",
    "408": "request_timeout",
    "409": "conflict",
    "413": "too_large",
    "415": "unsupported_media_type",
    "422": "invalid_input",
    "429": "rate_limited",
    "500": "internal",
    "502": "agent_failed",
    "503": "unavailable",
}
