"""What is wrong with a training, from its recording, its model and a batch."""

from tfrwc.dynamics.diagnosis.course import can_be_diagnosed
from tfrwc.dynamics.diagnosis.diagnose import diagnose
from tfrwc.dynamics.diagnosis.finding import Diagnosis, Finding

__all__ = ["Diagnosis", "Finding", "can_be_diagnosed", "diagnose"]
