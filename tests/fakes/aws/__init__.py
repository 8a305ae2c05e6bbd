"""A fake of the Bedrock and AgentCore services over HTTP, driven by botocore's own models of them.

Clients reach it by `AWS_ENDPOINT_URL_*` alone. `FakeAws` is all of it, `Cloud` adds moto for S3, IAM and DynamoDB.
"""
