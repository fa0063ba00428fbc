"""How `pulsetrain.spectra.transition` works: one small module a step.

`_input` reads and checks. `_search` runs the rest: `_align` takes the drift out, `_evidence` scores every possible
switch, `_scale` undoes what the division by the total intensity did to it, `_places` lets every peak have a switch of
its own. `_calibrate` widens the result to what was seen on truth-known series and says in words what is doubtful.
"""
