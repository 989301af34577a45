//! `enrich`: adds columns from links and collections.

use camp_plugin::prelude::*;
use camp_plugin::{Column, all, equal};

params! {
    /// What a call of `enrich` gives.
    pub struct Enrich {
        /// Values to add: `(customer.city, sum(amount of orders) as spent)`. One with the name of a column that
        /// is there replaces it.
        add: Vec<Named>,
        /// A link to many, of which the first rows become columns.
        collection: Option<Link>,
        /// How many of its rows.
        rows: Option<u64> [min(1), max(100)],
        /// What of each row: `(amount, ordered_at as day)` with two rows gives `amount_1`, `amount_2`, `day_1`,
        /// `day_2`.
        columns: Vec<Named> [of("collection"), min_len(1)],
        /// Which of its rows come first. Ties go to the lowest key.
        order: Vec<SortKey> [of("collection"), min_len(1)],
        /// Which of its rows count.
        only: Option<Condition> [of("collection")],
    }
}

impl Planner for Enrich {
    fn about() -> About {
        let needs = |param: &str, others: [&str; 3]| {
            Rule::needs(param, others).message(
                "a collection needs `rows`, `columns` and `order`",
                "say how many rows, which columns, and which rows come first",
            )
        };
        About::new("enrich", "Adds columns from links and collections")
            .doc("Every row that comes in goes out, once. Where there is nothing to add, the value is missing.")
            .input(Input::new("in", "the rows"))
            .output(Output::new("enriched", "the same rows with more columns").dynamic())
            .rule(Rule::at_least_one(["add", "collection"]))
            .rule(needs("collection", ["rows", "columns", "order"]))
            .rule(Rule::needs("rows", ["collection"]))
            .rule(Rule::needs("columns", ["collection"]))
            .rule(Rule::needs("order", ["collection"]))
            .rule(Rule::needs("only", ["collection"]))
            .example(
                Example::new(
                    "The last two orders",
                    "use enrich\n\
                     dimension people = \"people.csv\" key id columns (id: int)\n\
                     dimension orders = \"orders.csv\" key nr columns (nr: int, person: int, day: date)\n\
                     link people.orders, orders.person_of on people.id = orders.person\n\
                     all = build audience from people\n\
                     rich = enrich all with\n\
                     \x20 add: count(orders) as n, collection: orders, rows: 2, columns: day, order: day desc\n\
                     save audience rich as \"With orders\"\n",
                )
                .file("people.csv", "id\n1\n2\n")
                .file("orders.csv", "nr,person,day\n1,1,2026-01-01\n2,1,2026-03-01\n3,1,2026-02-01\n")
                .expect("rich", "id,n,day_1,day_2\n1,3,2026-03-01,2026-02-01\n2,0,,\n"),
            )
    }

    fn plan(&self, cx: &Cx) -> Result<Plan> {
        let input = cx.input("in")?;
        // Each added column: its value, and how the output states it.
        let mut added: Vec<(Sql, NewColumn)> = self
            .add
            .iter()
            .map(|named| (named.column.of("in"), state(&named.name, &named.column)))
            .collect();
        let mut plan = Plan::new();
        let mut from = sql!("{}", input);
        if let (Some(link), Some(rows)) = (&self.collection, self.rows) {
            let pairs = cx.input(&link.relation)?;
            let pivoted = self.pivoted(rows);
            plan = plan
                .with("numbered", self.numbered(pairs))
                .with("pivoted", pivoted_sql(pairs, rows, &pivoted));
            from = sql!(
                "{} LEFT JOIN \"pivoted\" ON {}",
                input,
                equal("in", &input.key, "pivoted", &pairs.source)
            );
            for (_, column) in pivoted {
                added.push((sql!("\"pivoted\".{}", Name(&column.name)), column));
            }
        }
        self.check_names(cx, input, &added)?;

        let replaced = |column: &Column| added.iter().any(|(_, new)| new.name == column.column);
        let kept: Vec<_> = input.columns.iter().filter(|column| !replaced(column)).collect();
        let mut select: Vec<Sql> =
            input.key.iter().chain(kept.iter().copied()).map(|column| column.of("in")).collect();
        select.extend(added.iter().map(|(value, new)| sql!("{} AS {}", value, Name(&new.name))));
        let mut columns: Vec<_> = kept.into_iter().map(NewColumn::like).collect();
        columns.extend(added.into_iter().map(|(_, new)| new));
        Ok(plan
            .dynamic_output("enriched", sql!("SELECT {} FROM {}", select, from), columns)
            .why("every row, once"))
    }
}

impl Enrich {
    /// The columns that the first `rows` of the collection become, each with the row it is of and where its value
    /// stands.
    fn pivoted(&self, rows: u64) -> Vec<((u64, &Column), NewColumn)> {
        let of = |named: &'_ Named, nth: u64| {
            NewColumn::nullable(&format!("{}_{nth}", named.name), named.column.r#type.clone())
        };
        self.columns
            .iter()
            .flat_map(|named| (1..=rows).map(move |nth| ((nth, &named.column), of(named, nth))))
            .collect()
    }

    /// The rows of the collection that count, numbered per source row.
    fn numbered(&self, pairs: &Relation) -> Sql {
        let mut order = self.order.clone();
        order.extend(pairs.target.iter().map(Column::ascending));
        if pairs.target.is_empty() {
            // Without a key, rows that tie in everything that is shown are the same to the reader.
            order.extend(self.columns.iter().map(|named| named.column.ascending()));
        }
        sql!(
            "SELECT *, row_number() OVER (PARTITION BY {} ORDER BY {}) AS \"__nth\" FROM {} WHERE {}",
            pairs.source,
            order,
            pairs,
            all(&self.only.iter().map(|only| sql!("{}", only)).collect::<Vec<_>>())
        )
    }

    fn check_names(&self, cx: &Cx, input: &Relation, added: &[(Sql, NewColumn)]) -> Result<()> {
        let in_key = |name: &str| input.key.iter().any(|part| part.column == name);
        match added.iter().position(|(_, new)| in_key(&new.name)) {
            Some(i) => {
                let place = match i.checked_sub(self.add.len()) {
                    None => cx.param("add").item(i),
                    Some(_) => cx.param("columns"),
                };
                Err(place
                    .error(format!("`{}` is the key, which stays as it is", added[i].1.name))
                    .code("key-column")
                    .help("give the value another name with `as`"))
            }
            None => Ok(()),
        }
    }
}

fn state(name: &str, column: &Column) -> NewColumn {
    NewColumn { name: name.to_owned(), r#type: column.r#type.clone(), nullable: column.nullable }
}

/// One row per source row, with the values of its first rows side by side.
fn pivoted_sql(pairs: &Relation, rows: u64, pivoted: &[((u64, &Column), NewColumn)]) -> Sql {
    let columns: Vec<_> = pivoted
        .iter()
        .map(|((nth, value), new)| {
            sql!("max(CASE WHEN \"__nth\" = {} THEN {} END) AS {}", *nth, value, Name(&new.name))
        })
        .collect();
    sql!(
        "SELECT {source}, {columns} FROM \"numbered\" WHERE \"__nth\" <= {rows} GROUP BY {source}",
        source = pairs.source,
        columns = columns,
        rows = rows
    )
}

camp_plugin::export![planner(Enrich)];
