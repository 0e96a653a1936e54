"""What is wrong with a training, from its recording, its model and a batch."""

from tfrwc.dynamics.diagnosis.diagnose import diagnose
from tfrwc.dynamics.diagnosis.finding import Diagnosis, Finding

__all__ = ["Diagnosis", "Finding", "diagnose"]
