//! Augmentation against other libraries (tests/golden/augment.py), and what must hold for any seed.

use image::{Rgb, RgbImage};
use proptest::prelude::*;
use serde_json::Value;

use seglab::augment::elastic::{Displacement, Smooth};
use seglab::augment::tone::Tone;
use seglab::augment::warp::Warp;
use seglab::augment::{Augment, Preset, Recipe, bilateral, blur, clahe, colour, median, sharpness, speckle};
use seglab::plane::{Mask, Plane};

const SIDE: usize = 32;

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/augment.json")).expect("the golden file")
}

/// `picture` of the script.
fn picture(shift: i64) -> Plane<u8> {
    Plane::from_fn(SIDE, SIDE, |x, y| {
        let (x, y) = (x as i64, y as i64);
        let waves = 90 + (x * (shift + 3) + y * 5) % 61;
        let disc = if (x - 18).pow(2) + (y - 14).pow(2) < 60 { 70 } else { 0 };
        let noise = (x * x * 7 + y * y * 13 + x * y * 29 + shift * 17) % 37;
        (waves + disc + noise - 20 * (x / 13)).clamp(0, 255) as u8
    })
}

/// `noise` of the script.
fn noise(n: usize, salt: i64) -> Plane<f32> {
    Plane::from_fn(n, n, |x, y| {
        let i = (y * n + x) as i64;
        (((i * 7919 + salt * 104_729) * (i + 31) % 2003) as f64 / 1001.5 - 1.0) as f32
    })
}

fn coloured() -> Vec<Plane<u8>> {
    vec![picture(0), picture(5), picture(9).map(|v| 255 - v)]
}

fn number(golden: &Value, key: &str) -> f64 {
    golden[key].as_f64().unwrap_or_else(|| panic!("no {key}"))
}

fn list(golden: &Value) -> impl Iterator<Item = &Value> {
    golden.as_array().expect("a list").iter()
}

/// Largest difference between `ours` and the golden values, in grey levels.
fn furthest<T: Copy + Into<f64>>(ours: &[T], golden: &Value) -> f64 {
    let theirs: Vec<f64> = list(golden).map(|v| v.as_f64().expect("a number")).collect();
    assert_eq!(ours.len(), theirs.len());
    ours.iter().zip(theirs).map(|(&ours, theirs)| (ours.into() - theirs).abs()).fold(0.0, f64::max)
}

#[test]
fn the_picture_is_the_scripts() {
    assert_eq!(furthest(picture(0).values(), &golden()["picture"]), 0.0);
}

#[test]
fn median_and_clahe_are_opencvs_bit_for_bit() {
    let golden = golden();
    assert_eq!(furthest(median::apply(&picture(0)).values(), &golden["median"]), 0.0);
    for case in list(&golden["clahe"]) {
        let side = number(case, "side") as usize;
        let mut planes = [Plane::from_fn(side, side, |x, y| picture(0).values()[y * SIDE + x])];
        clahe::apply(&mut planes, number(case, "clip"));
        assert_eq!(furthest(planes[0].values(), &case["values"]), 0.0, "clip {} at {side} px", case["clip"]);
    }
}

/// Theirs is a number of grey levels that is not rounded: ours may be half a level off, and what two decimals lose.
#[test]
fn blur_movement_and_speckle_are_those_of_scipy_and_scikit_image() {
    let golden = golden();
    for case in list(&golden["blur"]) {
        let worst = furthest(blur::apply(&picture(0), number(case, "sigma")).values(), &case["values"]);
        assert!(worst < 0.51, "sigma {}: {worst}", case["sigma"]);
    }
    for case in list(&golden["affine"]) {
        let (radians, scale) = (number(case, "degrees").to_radians(), number(case, "scale"));
        let matrix =
            [[radians.cos(), -radians.sin()], [radians.sin(), radians.cos()]].map(|row| row.map(|v| v / scale));
        let centre = (SIDE as f64 - 1.0) / 2.0;
        let from = [0, 1].map(|i| case["shift"][i].as_f64().expect("a shift") - centre);
        let offset = matrix.map(|row| row[0] * from[0] + row[1] * from[1] + centre);
        let moved = Warp { matrix, offset, displacement: None }.apply(&[picture(0)]);
        let worst = furthest(moved[0].values(), &case["values"]);
        assert!(worst < 0.52, "{} degrees, scale {scale}: {worst}", case["degrees"]);
    }
    let mut planes = [picture(0)];
    speckle::apply(&mut planes, noise(SIDE, 3).values(), number(&golden["speckle"], "sd"));
    assert!(furthest(planes[0].values(), &golden["speckle"]["values"]) < 0.51);
}

#[test]
fn an_elastic_field_is_smoothed_and_resampled_as_scipy_does() {
    let golden = &golden()["elastic"];
    let smooth = Smooth { displacement_px: number(golden, "displacement"), sigma_px: number(golden, "sigma") };
    let n = smooth.noise_side(SIDE);
    let field = Displacement::of([&noise(n, 1), &noise(n, 2)], smooth);
    let (mut dx, mut dy) = (vec![0.0; SIDE * SIDE], vec![0.0; SIDE * SIDE]);
    for (y, rows) in dx.chunks_mut(SIDE).zip(dy.chunks_mut(SIDE)).enumerate() {
        field.row(y, rows.into());
    }
    assert!(furthest(&dx, &golden["x"]) < 1e-3 && furthest(&dy, &golden["y"]) < 1e-3);
    let still = Warp { matrix: [[1.0, 0.0], [0.0, 1.0]], offset: [0.0; 2], displacement: Some(&field) };
    let worst = furthest(still.apply(&[picture(0)])[0].values(), &golden["values"]);
    assert!(worst < 0.55, "{worst}");
}

/// OpenCV's vectors round weights differently; torchvision rounds the smoothed image before it blends.
#[test]
fn bilateral_and_sharpness_are_within_a_level_of_opencvs_and_torchvisions() {
    let golden = golden();
    for case in list(&golden["bilateral"]) {
        let worst = furthest(bilateral::apply(&picture(0), number(case, "sigma")).values(), &case["values"]);
        assert!(worst <= 1.0, "sigma {}: {worst}", case["sigma"]);
    }
    for case in list(&golden["sharpness"]) {
        let worst = furthest(sharpness::apply(&picture(0), number(case, "factor")).values(), &case["values"]);
        assert!(worst <= 1.0, "factor {}: {worst}", case["factor"]);
    }
}

/// Their luma weights have four decimals (0.2989 …), ours three (Rec. 601's).
#[test]
fn tones_and_colours_are_torchvisions() {
    let golden = golden();
    let all = |planes: &[Plane<u8>]| planes.iter().flat_map(|p| p.values().to_vec()).collect::<Vec<u8>>();
    for case in list(&golden["tone"]) {
        let mut planes = coloured();
        let [contrast, brightness, gamma] = ["contrast", "brightness", "gamma"].map(|key| number(case, key));
        Tone { contrast, brightness, gamma }.apply(&mut planes);
        let worst = furthest(&all(&planes), &case["values"]);
        assert!(worst < 0.6, "{contrast} {brightness} {gamma}: {worst}");
    }
    for case in list(&golden["colour"]) {
        let mut planes = coloured();
        colour::apply(&mut planes, number(case, "saturation"), number(case, "turn"));
        let worst = furthest(&all(&planes), &case["values"]);
        assert!(worst < 0.7, "{} {}: {worst}", case["saturation"], case["turn"]);
    }
}

fn everything() -> Augment {
    let text = r#"
        preset = "p2"
        quarter_turns = true
        shift = 0.1
        scale = { probability = 0.5, from = 0.8, to = 1.25 }
        median = {}
        bilateral = { from = 10, to = 40 }
        gamma = { from = 0.8, to = 1.25 }
        speckle = { from = 0.05, to = 0.2 }
    "#;
    toml::from_str(text).expect("a recipe")
}

fn disc(left: f64) -> Mask {
    Mask::from_fn(48, 48, |x, y| (x as f64 - left).hypot(1.5 * (y as f64 - 20.0)) < 12.0)
}

fn drawn(mask: &Mask) -> RgbImage {
    let (width, height) = (mask.width() as u32, mask.height() as u32);
    let set = |x, y| mask.get(x as usize, y as usize) == Some(&true);
    RgbImage::from_fn(width, height, |x, y| Rgb([if set(x, y) { 255 } else { 0 }; 3]))
}

proptest! {
    /// The mask of the moved drawing is the moved mask, whatever the movement.
    #[test]
    fn image_and_mask_move_together(seed in any::<u64>(), left in 8.0..40.0) {
        let movements = Augment {
            rotate: everything().rotate, elastic: everything().elastic, scale: everything().scale,
            flip_horizontal: true, flip_vertical: true, quarter_turns: true, shift: 0.2, ..Augment::default()
        };
        let mask = disc(left);
        let (image, moved) = Recipe::draw(&movements, 48, seed).apply(&drawn(&mask), &mask);
        let seen = Mask::from_fn(48, 48, |x, y| image.get_pixel(x as u32, y as u32).0[0] > 127);
        prop_assert_eq!(seen, moved);
    }

    #[test]
    fn a_grey_image_stays_grey_and_any_image_keeps_its_size(seed in any::<u64>(), side in 16usize..40) {
        let mask = Mask::from_fn(side, side, |x, y| x > y);
        let image = RgbImage::from_fn(side as u32, side as u32, |x, y| Rgb([(x * 31 + y * 17 % 50) as u8; 3]));
        let tinted = RgbImage::from_fn(side as u32, side as u32, |x, y| Rgb([x as u8, (y * 5) as u8, 200]));
        let recipe = Recipe::draw(&everything(), side, seed);
        let (grey, moved) = recipe.apply(&image, &mask);
        prop_assert!(grey.pixels().all(|p| p.0[0] == p.0[1] && p.0[1] == p.0[2]));
        prop_assert_eq!((grey.dimensions(), moved.size()), (image.dimensions(), mask.size()));
        prop_assert_eq!(recipe.apply(&tinted, &mask).1, moved);
    }
}

#[test]
fn nothing_asked_for_is_nothing_changed() {
    let mask = disc(20.0);
    let image = RgbImage::from_fn(48, 48, |x, y| Rgb([x as u8, y as u8, (x * y) as u8]));
    let idle: Augment = toml::from_str(
        "rotate = { degrees = 0 }\nscale = { from = 1, to = 1 }\nsharpness = { from = 1, to = 1 }\n\
         contrast = { from = 1, to = 1 }\nbrightness = { from = 1, to = 1 }\ngamma = { from = 1, to = 1 }\n\
         saturation = { from = 1, to = 1 }\nhue = { turn = 0 }\nspeckle = { from = 0, to = 0 }\n\
         elastic = { displacement = 0, smoothness = 0.1 }",
    )
    .expect("a recipe");
    for seed in 0..30 {
        assert_eq!(Recipe::draw(&idle, 48, seed).apply(&image, &mask), (image.clone(), mask.clone()), "seed {seed}");
        assert_eq!(Recipe::draw(&Augment::default(), 48, seed), Recipe::NONE);
    }
}

/// Computed in one channel or in three, a grey image becomes the same.
#[test]
fn one_channel_gives_what_three_give() {
    let three = |of: &dyn Fn(&mut [Plane<u8>])| {
        let (mut one, mut three) = (vec![picture(0)], vec![picture(0); 3]);
        of(&mut one);
        of(&mut three);
        assert!(three.iter().all(|plane| *plane == one[0]));
    };
    three(&|planes| clahe::apply(planes, 3.0));
    three(&|planes| Tone { contrast: 1.3, brightness: 0.9, gamma: 1.2 }.apply(planes));
    three(&|planes| colour::apply(planes, 1.4, 0.0));
}

#[test]
fn another_operation_leaves_the_draws_of_the_others() {
    let rotate: Augment = toml::from_str("rotate = { probability = 1, degrees = 30 }").expect("a recipe");
    let both = Augment { blur: everything().blur, flip_vertical: false, ..rotate.clone() };
    let mask = disc(20.0);
    for seed in 0..20 {
        let of = |augment| Recipe::draw(augment, 48, seed).apply(&drawn(&mask), &mask).1;
        assert_eq!(of(&rotate), of(&both));
    }
}

#[test]
fn presets_change_most_images() {
    for name in ["p1", "p2"] {
        let preset = Preset::named(name).expect("a preset");
        let (mask, image) = (disc(20.0), drawn(&disc(20.0)));
        let changed = (0..100).filter(|&seed| Recipe::draw(&preset, 48, seed).apply(&image, &mask).0 != image).count();
        assert!(changed > 90, "{name}: {changed} of 100");
    }
}
