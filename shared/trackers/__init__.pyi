from .names import TrackerName as TrackerName
from .tracker import Tracker as Tracker
from .tracker import tracking as tracking
