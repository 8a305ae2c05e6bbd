"""The API's own tests once more, with the records in DynamoDB and the objects in S3 (moto), by import."""
