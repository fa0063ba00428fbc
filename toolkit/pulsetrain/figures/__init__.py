"""Bokeh figures, one package per method: controls and reports draw with the same ones."""
