//! Shapes of masks against scikit-image; `tests/golden/shapes.py` says how the values were made.

use seglab::metric::Shape;
use seglab::plane::Mask;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    rows: Vec<String>,
    area_px: f64,
    perimeter_px: f64,
    solidity: f64,
    eccentricity: f64,
    tallness: f64,
    irregularity: f64,
}

#[test]
fn every_shape_agrees_with_scikit_image() {
    let golden: Vec<Golden> = serde_json::from_str(include_str!("../golden/shapes.json")).expect("golden values");
    assert_eq!(golden.len(), 32);
    for expected in golden {
        let mask =
            Mask::from_fn(expected.rows[0].len(), expected.rows.len(), |x, y| expected.rows[y].as_bytes()[x] == b'#');
        let own = Shape::of(&mask).expect("not empty");
        let pairs = [
            (own.area_px, expected.area_px),
            (own.perimeter_px, expected.perimeter_px),
            (own.solidity, expected.solidity),
            (own.eccentricity, expected.eccentricity),
            (own.tallness, expected.tallness),
            (own.irregularity, expected.irregularity),
        ];
        assert!(pairs.iter().all(|(own, expected)| (own - expected).abs() < 1e-9), "{pairs:?}");
    }
}
