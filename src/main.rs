fn main() {
    println!("camp {}", env!("CARGO_PKG_VERSION"));
}
