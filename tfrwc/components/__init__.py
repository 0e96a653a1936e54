"""Steps of pipelines: functions over typed artifacts, run here or on TFX."""
