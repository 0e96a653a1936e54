"""The study of what privacy costs on chest X-rays."""
