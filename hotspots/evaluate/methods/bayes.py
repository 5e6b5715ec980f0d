"""Empirical Bayes before/after (Hauer): the busy past pulled towards similar places, then projected by a trend."""

from __future__ import annotations

import math

import numpy as np

from hotspots.evaluate.methods.panel import Panel
from hotspots.evaluate.methods.result import REAL_COUNTS, About, MethodResult, log_interval, refused
from hotspots.shrinkage import fit_prior, shrink

EMPIRICAL_BAYES = About(
    "empirical_bayes",
    "Empirical Bayes before/after (Hauer)",
    "pi = r sum_i E(k_i | n0_i), r = C1/C0; theta = (T1/pi) / (1 + var pi / pi^2)",
    "Hauer (1997), Observational Before-After Studies in Road Safety; Hauer et al. (2002), doi:10.3141/1784-16",
    (
        "Treated and comparison places are drawn from one population whose true rates follow a gamma distribution.",
        "The treated places share the trend of the comparison (the rest of the area where its series is given).",
        "Each place's reports are Poisson.",
    ),
    "normal, Poisson variance",
    52.0,
    REAL_COUNTS,
)


def empirical_bayes(panel: Panel) -> MethodResult:
    """Shrink the treated places' count before, project it by the comparison's trend, and compare with what came."""
    before, after = panel.before, panel.after
    own, theirs = panel.totals(before), panel.totals(before, group="controls")
    trend = panel.controls.sum(axis=0) if panel.rest is None else panel.rest
    c0, c1 = float(trend[list(before)].sum()), float(trend[list(after)].sum())
    came = float(panel.totals(after).sum())
    if min(c0, c1, came, float(own.sum())) <= 0:
        return refused(EMPIRICAL_BAYES, "A group has no report in one of the periods; nothing can be projected.")
    prior = fit_prior(np.concatenate([own, theirs]))
    posterior = shrink(own, prior)
    weight = prior.mean / (prior.mean + prior.shape)  # posterior variance = weight x mean
    ratio = c1 / c0
    expected = ratio * float(posterior.sum())
    variance = ratio**2 * weight * float(posterior.sum()) + expected**2 * (1 / c0 + 1 / c1)
    correction = 1 + variance / expected**2
    theta = came / expected / correction
    error = math.sqrt(1 / came + variance / expected**2) / correction
    return log_interval(EMPIRICAL_BAYES, math.log(theta), error, treated_after=came)
