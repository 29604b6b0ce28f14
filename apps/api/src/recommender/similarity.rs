//! How alike two bicycles are: the cosine of the angle between their features.
//!
//! Words (category, frame, suspension, motor) are a dimension a value. Numbers are a dimension each,
//! as distance from the catalogue's mean in standard deviations; price and weight by their
//! logarithm, because 100 euros are much for a cheap bicycle and little for a dear one. Weights say
//! how much a feature counts.

use std::collections::BTreeMap;

use super::catalogue::{Bicycle, Category, Frame, Suspension};

/// How much the category counts: what a bicycle is for comes first.
const CATEGORY: f64 = 2.0;
/// How much the motor counts.
const MOTOR: f64 = 1.5;
/// How much the frame and the suspension count.
const BUILD: f64 = 0.75;
/// How much each number counts.
const NUMBER: f64 = 0.5;

/// For each bicycle, all others from the most alike on.
#[derive(Debug)]
pub struct Neighbours(BTreeMap<u32, Vec<Neighbour>>);

/// One bicycle as seen from another.
#[derive(Debug, Clone)]
pub struct Neighbour {
    /// The bicycle.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// How alike they are, -1 to 1, to four decimal places.
    pub similarity: f64,
}

impl Neighbours {
    /// Compares every bicycle with every other.
    pub fn of(bicycles: &[Bicycle]) -> Self {
        let features = features(bicycles);
        let of_one = |(one, of_one): (&Bicycle, &Vec<f64>)| {
            let mut others: Vec<_> = bicycles
                .iter()
                .zip(&features)
                .filter(|(other, _)| other.id != one.id)
                .map(|(other, of_other)| Neighbour {
                    id: other.id,
                    name: other.name.clone(),
                    similarity: (cosine(of_one, of_other) * 10_000.0).round() / 10_000.0,
                })
                .collect();
            // What is equally alike stays in the order of the ids, whatever the catalogue's.
            others.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.id.cmp(&b.id)));
            (one.id, others)
        };
        Self(bicycles.iter().zip(&features).map(of_one).collect())
    }

    /// The others for a bicycle, from the most alike on; `None` if there is no such bicycle.
    pub fn get(&self, id: u32) -> Option<&[Neighbour]> {
        self.0.get(&id).map(Vec::as_slice)
    }
}

fn features(bicycles: &[Bicycle]) -> Vec<Vec<f64>> {
    let numbers: [fn(&Bicycle) -> f64; 4] = [
        |bicycle| f64::from(bicycle.gears),
        |bicycle| bicycle.wheel_inches,
        |bicycle| bicycle.weight_kilograms.ln(),
        |bicycle| f64::from(bicycle.price_euros).ln(),
    ];
    let scales = numbers.map(|number| Scale::of(bicycles, number));
    let of = |bicycle: &Bicycle| {
        let mut features = Vec::new();
        let mut word = |weight: f64, holds: bool| features.push(if holds { weight } else { 0.0 });
        for value in Category::ALL {
            word(CATEGORY, bicycle.category == *value);
        }
        for value in Frame::ALL {
            word(BUILD, bicycle.frame == *value);
        }
        for value in Suspension::ALL {
            word(BUILD, bicycle.suspension == *value);
        }
        word(MOTOR, bicycle.electric);
        features.extend(
            numbers
                .iter()
                .zip(&scales)
                .map(|(number, scale)| NUMBER * scale.place(number(bicycle))),
        );
        features
    };
    bicycles.iter().map(of).collect()
}

struct Scale {
    mean: f64,
    deviation: f64,
}

impl Scale {
    #[allow(clippy::cast_precision_loss, reason = "a catalogue has fewer than 2^53 entries")]
    fn of(bicycles: &[Bicycle], number: fn(&Bicycle) -> f64) -> Self {
        let count = bicycles.len().max(1) as f64;
        let mean = bicycles.iter().map(number).sum::<f64>() / count;
        let variance =
            bicycles.iter().map(|bicycle| (number(bicycle) - mean).powi(2)).sum::<f64>() / count;
        Self { mean, deviation: variance.sqrt() }
    }

    /// Where a number is on it; 0 where all are the same.
    fn place(&self, number: f64) -> f64 {
        if self.deviation > 0.0 { (number - self.mean) / self.deviation } else { 0.0 }
    }
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 { dot(a, b) / lengths } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommender::catalogue;

    #[test]
    fn cosine_is_one_for_one_direction_and_zero_for_a_right_angle() {
        assert!((cosine(&[1.0, 2.0], &[2.0, 4.0]) - 1.0).abs() < 1e-12);
        assert!(cosine(&[1.0, 0.0], &[0.0, 3.0]).abs() < 1e-12);
        assert!((cosine(&[1.0], &[-1.0]) + 1.0).abs() < 1e-12);
        assert!(cosine(&[0.0], &[1.0]).abs() < 1e-12);
    }

    #[test]
    fn every_other_bicycle_is_there_once_from_the_most_alike_on() {
        let bicycles = catalogue().unwrap();
        let neighbours = Neighbours::of(&bicycles);
        for bicycle in &bicycles {
            let others = neighbours.get(bicycle.id).unwrap();
            assert_eq!(others.len(), bicycles.len() - 1);
            assert!(others.iter().all(|other| other.id != bicycle.id));
            assert!(others.is_sorted_by(|a, b| {
                a.similarity > b.similarity || (a.similarity >= b.similarity && a.id < b.id)
            }));
        }
        assert!(neighbours.get(0).is_none());
    }

    #[test]
    fn similarity_is_mutual() {
        let bicycles = catalogue().unwrap();
        let neighbours = Neighbours::of(&bicycles);
        let of = |a: u32, b: u32| {
            let others = neighbours.get(a).unwrap();
            others.iter().find(|other| other.id == b).unwrap().similarity
        };
        for a in &bicycles {
            for b in bicycles.iter().filter(|b| b.id != a.id) {
                assert!((of(a.id, b.id) - of(b.id, a.id)).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn the_most_alike_is_what_a_dealer_would_say() {
        let neighbours = Neighbours::of(&catalogue().unwrap());
        let first = |id: u32| neighbours.get(id).unwrap()[0].name.clone();
        assert_eq!(first(2), "Alba Corsa Pro");
        assert_eq!(first(33), "Pico 16");
        assert_eq!(first(13), "Trail Mate Volt");
        assert_eq!(first(16), "Canal Deluxe");
    }

    #[test]
    fn twins_are_in_the_order_of_their_ids_whatever_the_catalogues() {
        let mut bicycles = catalogue().unwrap();
        let mut twin = bicycles[5].clone();
        twin.id = 1_000;
        bicycles.push(twin);
        let order = |bicycles: &[Bicycle]| -> Vec<u32> {
            Neighbours::of(bicycles).get(1).unwrap().iter().map(|other| other.id).collect()
        };
        let forth = order(&bicycles);
        bicycles.reverse();
        assert_eq!(order(&bicycles), forth);
        let place = |id| forth.iter().position(|other| *other == id).unwrap();
        assert_eq!(place(6) + 1, place(1_000));
    }
}
