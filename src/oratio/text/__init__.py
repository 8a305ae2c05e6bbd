"""One of each tool on text: sentences, Markdown, stop words, stems. Pure; knows no other part but agentkit's."""
