"""Clips that units hand in: uploaded, processed, screened, scored by a panel against a rubric, ranked and shown.

models/      the clip contest, clips and their files, screening, rubrics, score sheets, results
uploads/     the tus server              processing/  hostile files in limited child processes, Celery's queue
handing_in/  units' pages                watching/    every byte of a file behind its right; the gallery
setup/       organisers' pages           screening/   accept, send back, reject
panel/       assignment, the judge's desk, locking          result/  combining, ranking, freezing, publishing
"""
