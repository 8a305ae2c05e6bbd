"""The local knowledge engine: documents to blocks to chunks to an index, and questions to passages."""
