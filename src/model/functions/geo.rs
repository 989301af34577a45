//! Places on earth.

use super::super::types::Type;
use super::{Accepts, FunctionInfo, Group, Result, entry, param};

pub(super) const ENTRIES: &[FunctionInfo] = &[entry(
    Group::Geo,
    "distance",
    &["geo_distance", "haversine", "distance_km", "great_circle"],
    &[
        param("latitude1", Accepts::Number),
        param("longitude1", Accepts::Number),
        param("latitude2", Accepts::Number),
        param("longitude2", Accepts::Number),
    ],
    Result::Type(Type::Float),
    "The kilometres between two points, along the surface of a sphere with the earth's mean radius \
     of 6,371.0088 km (haversine; up to 0.6 % off the true shape). Degrees in, latitude before \
     longitude, north and east positive. Missing for a latitude outside -90 to 90 or a longitude \
     outside -180 to 180.",
    ("round(distance(48.8566, 2.3522, 45.7640, 4.8357), 1)", "391.5"),
)];
