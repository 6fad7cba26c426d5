//! What a figure is to reach, and whether it does.

use std::fmt;

use serde::Serialize;

/// What is to be reached: a bound on the value or on the ratio, and what is aimed at beyond it.
///
/// ```
/// use arrowlink_benches::{Target, Verdict};
///
/// let target = Target::ratio_at_most(0.6, 0.4);
/// assert_eq!(target.judge(90.0, Some(0.5)), Some(Verdict::Reached));
/// assert_eq!(target.judge(90.0, Some(0.4)), Some(Verdict::AimReached));
/// assert_eq!(target.judge(90.0, Some(0.7)), Some(Verdict::Missed));
/// assert_eq!(target.judge(90.0, None), None);
/// assert_eq!(target.to_string(), "at most 0.60x, aim 0.40x");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Target {
    measure: Measure,
    bound: Bound,
    required: f64,
    aim: Option<f64>,
}

/// What a target is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Measure {
    /// The median itself, in the row's unit.
    Value,
    /// The median divided by the peer's.
    Ratio,
}

/// On which side of a target the good figures are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Bound {
    /// Larger is better.
    AtLeast,
    /// Smaller is better.
    AtMost,
}

/// Whether a target is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// Not even what is required.
    Missed,
    /// What is required.
    Reached,
    /// What is aimed at too.
    AimReached,
}

impl Target {
    /// The ratio is `required` or more, and `aim` or more where all is well.
    pub const fn ratio_at_least(required: f64, aim: f64) -> Self {
        Self { measure: Measure::Ratio, bound: Bound::AtLeast, required, aim: Some(aim) }
    }

    /// The ratio is `required` or less, and `aim` or less where all is well.
    pub const fn ratio_at_most(required: f64, aim: f64) -> Self {
        Self { measure: Measure::Ratio, bound: Bound::AtMost, required, aim: Some(aim) }
    }

    /// The value is `required` or less.
    pub const fn at_most(required: f64) -> Self {
        Self { measure: Measure::Value, bound: Bound::AtMost, required, aim: None }
    }

    /// Says what is aimed at beyond what is required.
    #[must_use]
    pub const fn with_aim(mut self, aim: f64) -> Self {
        self.aim = Some(aim);
        self
    }

    /// Judges a value and its ratio; nothing where what it is about is not there.
    pub fn judge(&self, value: f64, ratio: Option<f64>) -> Option<Verdict> {
        let figure = match self.measure {
            Measure::Value => value,
            Measure::Ratio => ratio?,
        };
        Some(match self.aim {
            Some(aim) if self.bound.holds(figure, aim) => Verdict::AimReached,
            _ if self.bound.holds(figure, self.required) => Verdict::Reached,
            _ => Verdict::Missed,
        })
    }
}

impl Bound {
    fn holds(self, figure: f64, bound: f64) -> bool {
        match self {
            Self::AtLeast => figure >= bound,
            Self::AtMost => figure <= bound,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = if self.measure == Measure::Ratio { "x" } else { "" };
        write!(f, "{} {:.2}{unit}", self.bound, self.required)?;
        self.aim.map_or(Ok(()), |aim| write!(f, ", aim {aim:.2}{unit}"))
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AtLeast => "at least",
            Self::AtMost => "at most",
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missed => "MISSED",
            Self::Reached => "reached",
            Self::AimReached => "aim reached",
        })
    }
}
