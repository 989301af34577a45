use crate::model::{functions::Function, types::Type};
pub fn render(function: Function, args: &[String], _ty: &Type) -> String {
    format!("{}({})", function.0.name, args.join(", "))
}
