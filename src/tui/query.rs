//! The filter's language: `model=unet loss~dice part=test dsc>0.8 state=failed "two words"`. Every term must hold; a term that
//! cannot be understood is named, and the others still hold.

use super::field::Field;
use super::row::Row;

/// Signs of operators, the longer ones first.
const SIGNS: &[(&str, Op)] = &[
    ("!=", Op::Unequal),
    ("<=", Op::AtMost),
    (">=", Op::AtLeast),
    ("=", Op::Equal),
    ("~", Op::Contains),
    ("<", Op::Below),
    (">", Op::Above),
];

/// A filter, understood.
#[derive(Clone, Debug, Default)]
pub struct Query {
    terms: Vec<Term>,
    faults: Vec<String>,
}

#[derive(Clone, Debug)]
enum Term {
    /// Occurs anywhere in what the table shows; in lower case.
    Word(String),
    Text(Field, Op, String),
    Number(Field, Op, Typed),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Equal,
    Unequal,
    Contains,
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// A number, and how far it may be from one that is equal to it: half of its last typed digit.
#[derive(Clone, Copy, Debug)]
struct Typed {
    value: f64,
    slack: f64,
}

impl Query {
    /// Understands `text` as far as possible.
    pub fn parse(text: &str) -> Self {
        let mut query = Self::default();
        for token in joined(tokens(text)) {
            match Term::parse(&token) {
                Ok(term) => query.terms.push(term),
                Err(fault) => query.faults.push(fault),
            }
        }
        query
    }

    /// Terms that were not understood, each with the reason.
    pub fn faults(&self) -> &[String] {
        &self.faults
    }

    /// Whether every term holds for `row`.
    pub fn matches(&self, row: &Row) -> bool {
        self.terms.iter().all(|term| term.matches(row))
    }
}

/// `dsc > 0.8` is one term, as `dsc>0.8` is.
fn joined(tokens: impl IntoIterator<Item = String>) -> Vec<String> {
    let is_sign = |text: &str| SIGNS.iter().any(|(sign, _)| text == *sign);
    let begins = |text: &str| SIGNS.iter().any(|(sign, _)| text.starts_with(sign));
    let is_term = |text: &str| {
        let name = text.find(['=', '!', '<', '>', '~']).map(|end| &text[..end]);
        name.is_some_and(|name| Field::named(name).is_some())
    };
    let mut terms: Vec<String> = Vec::new();
    let mut waits = false;
    for token in tokens {
        match terms.last_mut() {
            Some(term) if (waits && !is_term(&token)) || (begins(&token) && Field::named(term).is_some()) => {
                waits = is_sign(&token);
                term.push_str(&token);
            }
            _ => {
                let name = token.trim_end_matches(['=', '!', '<', '>', '~']);
                waits = name.len() < token.len() && Field::named(name).is_some();
                terms.push(token);
            }
        }
    }
    terms
}

impl Term {
    fn parse(token: &str) -> Result<Self, String> {
        let start = token.find(['=', '!', '<', '>', '~']).filter(|&start| start > 0 && !token.starts_with('"'));
        let sign = start.and_then(|start| SIGNS.iter().find(|(sign, _)| token[start..].starts_with(sign)));
        let (Some(start), Some((sign, op))) = (start, sign) else {
            return Ok(Term::Word(unquoted(token).to_lowercase()));
        };
        let (name, value) = (&token[..start], unquoted(&token[start + sign.len()..]));
        let field = Field::named(name).ok_or_else(|| format!("{token}: no column \"{name}\""))?;
        if value.is_empty() {
            return Err(format!("{token}: what {name} is compared with is missing"));
        }
        if field.is_number() {
            if *op == Op::Contains {
                return Err(format!("{token}: {name} is a number, use = != < <= > >="));
            }
            let typed = Typed::parse(&value).ok_or_else(|| format!("{token}: \"{value}\" is no number"))?;
            return Ok(Term::Number(field, *op, typed));
        }
        match op {
            Op::Equal | Op::Unequal | Op::Contains => Ok(Term::Text(field, *op, value.to_lowercase())),
            _ => Err(format!("{token}: {name} is a text, use = != ~")),
        }
    }

    fn matches(&self, row: &Row) -> bool {
        match self {
            Term::Word(word) => row.haystack().contains(word.as_str()),
            Term::Text(field, op, wanted) => {
                let text = field.text(row).to_lowercase();
                match op {
                    Op::Contains => text.contains(wanted.as_str()),
                    Op::Unequal => text != *wanted,
                    _ => text == *wanted,
                }
            }
            // What is not known is neither more nor less nor different.
            Term::Number(field, op, wanted) => field.number(row).is_some_and(|number| wanted.holds(*op, number)),
        }
    }
}

impl Typed {
    /// `0.8`, `1e-3`; `80%` is 0.8; `90s`, `5m`, `2h`, `1d` are seconds.
    fn parse(text: &str) -> Option<Self> {
        let (digits, scale) = match text.char_indices().last()? {
            (end, '%') => (&text[..end], 0.01),
            (end, 's') => (&text[..end], 1.0),
            (end, 'm') => (&text[..end], 60.0),
            (end, 'h') => (&text[..end], 3600.0),
            (end, 'd') => (&text[..end], 86_400.0),
            _ => (text, 1.0),
        };
        let value: f64 = digits.parse().ok().filter(|value: &f64| value.is_finite())?;
        let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
        let decimals = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let last = 10f64.powf(exponent.parse::<f64>().ok()? - decimals as f64);
        Some(Self { value: value * scale, slack: last * scale / 2.0 })
    }

    fn holds(self, op: Op, number: f64) -> bool {
        let equal = (number - self.value).abs() < self.slack;
        match op {
            Op::Equal | Op::Contains => equal,
            Op::Unequal => !equal,
            Op::Below => number < self.value,
            Op::AtMost => number <= self.value,
            Op::Above => number > self.value,
            Op::AtLeast => number >= self.value,
        }
    }
}

/// Parts between blanks; a blank between double quotes belongs to its part, and a quote that is still open to the end.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        quoted ^= c == '"';
        match c.is_whitespace() && !quoted {
            true => tokens.push(String::new()),
            false => tokens.last_mut().expect("never empty").push(c),
        }
    }
    tokens.retain(|token| !token.is_empty());
    tokens
}

fn unquoted(text: &str) -> String {
    text.replace('"', "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::State;
    use crate::tui::row::{Part, Score};

    fn row() -> Row {
        Row {
            name: "demo/unet-f2-s1".into(),
            spec: "demo".into(),
            arm: "U-Net wide".into(),
            model: "unet".into(),
            loss: "dice-bce".into(),
            fold: 2,
            seed: 1,
            epoch: 40,
            epochs: 100,
            progress: 0.4,
            left_s: Some(600.0),
            state: Some(State::Failed),
            score: Some(Score { task: Default::default(), value: 0.712_34 }),
            part: Some(Part::Valid),
            metrics: vec![("dsc", 0.712_34), ("hd95_px", 12.0)],
            ..Row::default()
        }
    }

    fn holds(text: &str) -> bool {
        let query = Query::parse(text);
        assert!(query.faults().is_empty(), "{text}: {:?}", query.faults());
        query.matches(&row())
    }

    #[test]
    fn blanks_around_an_operator_change_nothing() {
        let terms = |text: &str| joined(tokens(text));
        for text in ["dsc > 0.8 unet", "dsc >0.8 unet", "dsc> 0.8 unet", "dsc>0.8 unet"] {
            assert_eq!(terms(text), ["dsc>0.8", "unet"], "{text}");
        }
        assert_eq!(terms("unet > x"), ["unet", ">", "x"], "not a column");
    }

    #[test]
    fn every_term_must_hold() {
        for text in [
            "",
            "unet",
            "UNET failed",
            "model=unet loss~dice dsc>0.7 state=failed",
            "arm=\"u-net wide\"",
            "\"net wide\"",
            "fold=2 seed<=1 epoch>=40",
            "hd95<12.5",
            "left<=10m",
            "progress=40%",
            "dsc=0.71",
            "dsc!=0.72",
            "state!=finished",
            "part=valid dsc>0.7",
            "part!=test",
        ] {
            assert!(holds(text), "{text}");
        }
        for text in [
            "model=vnet",
            "unet finished",
            "dsc>0.8",
            "dsc>0.7 state=lost",
            "loss!=dice-bce",
            "dsc=0.712345",
            "part=test",
        ] {
            assert!(!holds(text), "{text}");
        }
    }

    #[test]
    fn an_unknown_number_is_not_compared() {
        for text in ["auc>0", "auc<1", "auc!=0.5"] {
            assert!(!holds(text), "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_named_and_the_rest_holds() {
        let query = Query::parse("colour=red dsc>big dsc~7 model<unet loss= state=failed");
        assert_eq!(query.faults().len(), 5, "{:?}", query.faults());
        for (fault, start) in query.faults().iter().zip(["colour=red: no", "dsc>big: \"big\"", "dsc~7:", "model<unet:"])
        {
            assert!(fault.starts_with(start), "{fault}");
        }
        assert!(query.matches(&row()));
        assert!(!query.matches(&Row { state: Some(State::Lost), ..row() }));
    }

    #[test]
    fn any_text_is_understood_without_a_panic() {
        for text in
            ["\"", "=", "!", "!=", "a\"b c", "dsc>\"", "乳=腺", "dsc>é", "dsc>1e999", "dsc=1e-", "dsc>s", "~~~ <>"]
        {
            Query::parse(text).matches(&row());
        }
    }
}
