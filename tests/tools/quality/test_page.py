import math

import numpy as np

from sau.pipeline.report.html import to_html
from sau.pipeline.report.markdown import to_markdown
from sau.tools.quality.figures import ALL, ClassFigures
from sau.tools.quality.gains import Correlation, Gains
from sau.tools.quality.page import frame_of, page_of


def test_gains_stand_beside_the_classes_and_correlations_below():
    values = (0.25, 0.01, 90.0, 40.0, 0.5, 70.0, 95.0, 0.1, 12.0, "")
    figures = [ClassFigures(name, 60, 70, *values) for name in ("ant", "bee", ALL)]
    gains = Gains(np.array([1.5, -2.0]), np.array([0.5, math.nan]), "10", 3, np.array([9.0, 3.0]))
    along = {"train_real": Correlation(-0.9, -1.0, -0.5), "coverage": Correlation(0.1, -0.5, 0.6)}
    page = page_of(figures, gains, along, facts=[("Network", "x")], rows=("CE*", "CE"))
    text = to_markdown(page)
    row = "| ant | 60 | 70 | 250.00 ± 10.00 | 90.0 | 40.0 | 0.50 | 70.0 of 95.0 | 0.10 | 12.0 |"
    assert f"{row} 1.5 ± 0.5 |" in text
    assert "of CE\\* less that of CE, mean of 3 seeds" in text
    assert f"{row.replace('ant', 'bee')} -2.0 |" in text
    assert "| Real training images | -0.90 (-1.00 to -0.50) |" in text
    assert "Few images" not in text
    assert "What goes along with the gain" in to_html(page)
    frame = frame_of(figures, gains)
    assert frame["gain"].tolist()[:2] == [1.5, -2.0]
    assert math.isnan(frame["gain"].iloc[2])
