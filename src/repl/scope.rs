//! What entries can speak of.

/// Everything that has a name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    /// Declared dimensions.
    pub dimensions: Vec<Named>,
    /// Transitions.
    pub populations: Vec<Named>,
    /// Tables of the project's database.
    pub tables: Vec<String>,
    /// Labels of saved audiences.
    pub audiences: Vec<String>,
}

/// A dimension or a population.
#[derive(Clone, Debug, Default)]
pub(crate) struct Named {
    /// Its name.
    pub name: String,
    /// What its rows are, of a population.
    pub dimension: Option<String>,
    /// The columns of its key.
    pub key: Vec<String>,
    /// Its columns with their types; of a population, what it carries.
    pub columns: Vec<(String, String)>,
    /// Links to others.
    pub links: Vec<Link>,
}

/// A link.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    /// Its name.
    pub name: String,
    /// The dimension it leads to.
    pub to: String,
    /// At most one row.
    pub to_one: bool,
}

impl Scope {
    /// The dimension of this name.
    pub fn dimension(&self, name: &str) -> Option<&Named> {
        self.dimensions.iter().find(|d| d.name == name)
    }

    /// The population of this name.
    pub fn population(&self, name: &str) -> Option<&Named> {
        self.populations.iter().find(|p| p.name == name)
    }

    /// The dimension that rows of this name are of: its own, or that of a population.
    pub fn rows_of(&self, name: &str) -> Option<&Named> {
        match self.population(name) {
            Some(population) => self.dimension(population.dimension.as_deref()?),
            None => self.dimension(name),
        }
    }
}
