"""A small network that tells what a clip shows. It learns from drawn clips only, and it judges.

    python -m models.judge.train --work DIR      # draws its clips and learns; goes on where it was
"""
