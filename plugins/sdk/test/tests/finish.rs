//! An executor that has to see all rows before it gives any.
#![cfg(feature = "arrow")]

use camp_plugin::prelude::*;
use camp_plugin_test::Case;

params! {
    /// Gives the last row.
    pub struct Last {}
}

impl MapBatches for Last {
    type State = Option<RecordBatch>;

    fn about() -> About {
        About::new("last", "Gives the last row")
            .input(Input::new("in", "the rows"))
            .output(Output::new("last", "the last of them"))
    }

    fn open(&self, _: &Cx) -> Result<Option<RecordBatch>> {
        Ok(None)
    }

    fn batch(
        &self,
        last: &mut Option<RecordBatch>,
        batch: RecordBatch,
        _: &Cx,
    ) -> Result<RecordBatch> {
        if batch.num_rows() > 0 {
            *last = Some(batch.slice(batch.num_rows() - 1, 1));
        }
        Ok(batch.slice(0, 0))
    }

    fn finish(&self, last: &mut Option<RecordBatch>, _: &Cx) -> Result<Option<RecordBatch>> {
        Ok(last.take())
    }
}

camp_plugin::export![executor(Last)];

#[test]
fn rows_may_be_held_back_until_all_have_been_seen() {
    for (rows, last) in [("1\n2\n3\n", vec![Some("3")]), ("", vec![])] {
        for batch in [1, 2, 10] {
            let done = Case::new(camp_plugin_v1, "last")
                .input("in", "id:int key", rows)
                .outputs("l")
                .execute(batch);
            assert_eq!(done.error, None);
            assert_eq!(done.column("id"), last, "in batches of {batch}");
        }
    }
}

#[test]
fn an_input_that_fails_ends_it_before() {
    let done = Case::new(camp_plugin_v1, "last")
        .input("in", "id:int key", "1\n2\n3\n")
        .outputs("l")
        .execute_failing(1, 2);
    assert!(done.error.is_some());
    assert!(done.rows.is_empty(), "{:?}", done.rows);
}
