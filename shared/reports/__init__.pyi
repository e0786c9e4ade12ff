from .charts import Series as Series
from .charts import chart as chart
from .formulas import formula as formula
from .page import Page as Page
from .page import Section as Section
from .pictures import picture as picture
from .rendering import write_page as write_page
from .sphere_map import SphereMap as SphereMap
