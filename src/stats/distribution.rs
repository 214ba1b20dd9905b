//! The normal distribution and Student's t: what intervals and approximate p values need, to 12 digits.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// `Φ(z) = ½·erfc(−z/√2)`, in 0..=1; `None` for NaN.
pub fn normal_cdf(z: f64) -> Option<f64> {
    (!z.is_nan()).then(|| upper_normal(-z))
}

/// The `z` with `Φ(z) = p`; `None` unless 0 < p < 1.
pub fn normal_quantile(p: f64) -> Option<f64> {
    from_tail(p, |tail| {
        // the tail is at most ½·exp(−z²/2), so the start lies right of the answer; its logarithm is concave, so
        // Newton falls towards the answer and cannot undershoot
        let start = (-2.0 * libm::log(2.0 * tail)).max(0.0).sqrt();
        newton(start, |z| libm::log(upper_normal(z) / tail) * upper_normal(z) / normal_density(z))
    })
}

/// `P(T ≤ t)` of Student's t with `df` degrees of freedom, in 0..=1; `None` for NaN or `df = 0`.
pub fn t_cdf(df: usize, t: f64) -> Option<f64> {
    if df == 0 || t.is_nan() {
        return None;
    }
    let tail = upper_t(df as f64, t.abs());
    Some(if t > 0.0 { 1.0 - tail } else { tail })
}

/// The `t` with `P(T ≤ t) = p`; `None` unless 0 < p < 1 and `df ≥ 1`.
pub fn t_quantile(df: usize, p: f64) -> Option<f64> {
    let start = normal_quantile(p)?.abs();
    if df == 0 {
        return None;
    }
    let df = df as f64;
    // the tail is convex and heavier than the normal one: Newton climbs from the normal quantile and cannot overshoot
    from_tail(p, |tail| newton(start, |t| (upper_t(df, t) - tail) / t_density(df, t)))
}

/// Solves for the smaller tail, where no digit is lost to `1 − p`, and mirrors.
fn from_tail(p: f64, solve: impl Fn(f64) -> f64) -> Option<f64> {
    let inside = p > 0.0 && p < 1.0;
    inside.then(|| if p < 0.5 { -solve(p) } else { solve(1.0 - p) }).and_then(super::finite)
}

/// Adds `step` until it is below rounding.
fn newton(start: f64, step: impl Fn(f64) -> f64) -> f64 {
    let mut place = start;
    for _ in 0..1000 {
        let step = step(place);
        place += step;
        if step.is_nan() || step.abs() <= f64::EPSILON * place.abs() {
            break;
        }
    }
    place
}

fn upper_normal(z: f64) -> f64 {
    0.5 * libm::erfc(z * FRAC_1_SQRT_2)
}

fn normal_density(z: f64) -> f64 {
    libm::exp(-0.5 * z * z) / (2.0 * PI).sqrt()
}

fn t_density(df: f64, t: f64) -> f64 {
    gamma_half_step(df / 2.0) / (df * PI).sqrt() * libm::exp(-(df + 1.0) / 2.0 * libm::log1p(t * t / df))
}

/// `P(T > t) = ½·I_x(df/2, ½)` for t ≥ 0, with `x = df/(df + t²)`; `I` is the regularised incomplete beta function.
/// Source: Abramowitz & Stegun 1964, 26.7.1 and 26.5.8.
fn upper_t(df: f64, t: f64) -> f64 {
    let (a, b) = (df / 2.0, 0.5);
    let (x, rest) = (1.0 / (1.0 + t * t / df), 1.0 / (1.0 + df / (t * t)));
    // xᵃ·(1 − x)ᵇ / B(a, b)
    let front = gamma_half_step(a) / PI.sqrt() * libm::exp(-a * libm::log1p(t * t / df)) * rest.sqrt();
    if x < (a + 1.0) / (a + b + 2.0) {
        0.5 * front / beta_fraction(a, b, x, rest)
    } else {
        0.5 - 0.5 * front / beta_fraction(b, a, rest, x)
    }
}

/// `Γ(a + ½) / Γ(a)` for a > 0: the asymptotic series of its logarithm from a = 30 on, below that the recurrence
/// `Γ(a + ½)/Γ(a) = a/(a + ½) · Γ(a + 3/2)/Γ(a + 1)`. The difference of two `ln Γ` would cancel digits for large a.
fn gamma_half_step(a: f64) -> f64 {
    let (mut a, mut factor) = (a, 1.0);
    while a < 30.0 {
        factor *= a / (a + 0.5);
        a += 1.0;
    }
    let square = a * a;
    let series = -1.0 / 8.0 + (1.0 / 192.0 + (-1.0 / 640.0 + 17.0 / (14336.0 * square)) / square) / square;
    factor * a.sqrt() * libm::exp(series / a)
}

/// The continued fraction `F` in `I_x(a, b) = xᵃ·(1 − x)ᵇ / (B(a, b)·F)`, by Lentz's method; quick for
/// x < (a + 1)/(a + b + 2). With `rest = 1 − x` given apart it cancels no digits for large a.
/// Source: DiDonato & Morris 1992, *Significant digit computation of the incomplete beta function ratios* (BFRAC).
fn beta_fraction(a: f64, b: f64, x: f64, rest: f64) -> f64 {
    let denominator = |m: f64| {
        let inner = (a + m) * (a * rest - b * x + 1.0 + m * (1.0 + rest)) / (a + 2.0 * m + 1.0);
        if m == 0.0 { inner } else { inner + m + m * (b - m) * x / (a + 2.0 * m - 1.0) }
    };
    let mut value = denominator(0.0);
    let (mut c, mut d) = (value, 0.0);
    for m in 1..100_000 {
        let m = f64::from(m);
        let numerator = (a + m - 1.0) * (a + b + m - 1.0) * m * (b - m) * x * x / (a + 2.0 * m - 1.0).powi(2);
        d = 1.0 / (denominator(m) + numerator * d);
        c = denominator(m) + numerator / c;
        value *= c * d;
        if (c * d - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_close(ours: Option<f64>, expected: f64) {
        let ours = ours.expect("defined");
        assert!((ours - expected).abs() <= 1e-13 * expected.abs(), "{ours} {expected}");
    }

    #[test]
    fn with_1_degree_of_freedom_t_is_cauchys() {
        for t in [0.001, 0.5, 1.0, 3.0, 700.0] {
            assert_close(t_cdf(1, t), 0.5 + f64::atan(t) / PI);
            assert_close(t_quantile(1, 0.5 + f64::atan(t) / PI), t);
        }
    }

    #[test]
    fn with_2_degrees_of_freedom_the_quantile_has_a_closed_form() {
        for p in [0.6, 0.95, 0.975, 0.9995] {
            let expected = (2.0 * p - 1.0) / f64::sqrt(2.0 * p * (1.0 - p));
            assert_close(t_quantile(2, p), expected);
            assert_close(t_quantile(2, 1.0 - p), -expected);
        }
    }

    #[test]
    fn nothing_is_undefined_but_what_must_be() {
        for p in [0.0, 1.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!((normal_quantile(p), t_quantile(5, p)), (None, None));
        }
        assert_eq!((t_quantile(0, 0.9), t_cdf(0, 1.0)), (None, None));
        assert_eq!((t_cdf(3, f64::NAN), normal_cdf(f64::NAN)), (None, None));
        assert_eq!((t_cdf(3, f64::INFINITY), t_cdf(3, f64::NEG_INFINITY)), (Some(1.0), Some(0.0)));
        assert_eq!((t_cdf(7, 0.0), normal_quantile(0.5), t_quantile(7, 0.5)), (Some(0.5), Some(0.0), Some(0.0)));
    }

    #[test]
    fn far_tails_come_back() {
        for p in [1e-300, 1e-100, 1e-12, 0.3] {
            let z = normal_quantile(p).expect("inside");
            assert!((normal_cdf(z).expect("a number") / p - 1.0).abs() < 1e-11, "{p}");
        }
        for (df, p) in [(1, 1e-12), (3, 1e-30), (100, 1e-12), (1_000_000, 0.025)] {
            let t = t_quantile(df, p).expect("inside");
            assert!((t_cdf(df, t).expect("a number") / p - 1.0).abs() < 1e-11, "{df} {p}");
        }
    }
}
