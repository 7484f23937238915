"""What the embedded model can do, measured: one module a measure, gathered by `models/measure`.

Nothing here trains or selects the model, and nothing in models/train or models/captions.py reads
what is here.
"""
