//! Eight deployers at once, ten rounds.

use super::{assert_whole, project, undisturbed};
use crate::support::TestDatabase;

each_database! {
    fn eight_deployers(db: TestDatabase) {
        let engine = db.engine();
        let schema = undisturbed(engine);
        for round in 1..=10 {
            let db = TestDatabase::fresh(engine);
            let projects: Vec<_> = (0..8).map(|_| project(&db)).collect();
            let running: Vec<_> = projects.iter().map(|project| project.spawn(["up", "--format", "json"])).collect();
            let mut applied = Vec::new();
            for one in running {
                let output = one.wait().ok();
                let outcome = output.json();
                let done = outcome["done"].as_array().unwrap().iter();
                applied.extend(done.map(|done| done["id"].as_str().unwrap().to_owned()));
            }
            applied.sort();
            let expected = ["0001", "0002", "0003", "0004", "0005", "0006", "0007", "R__view"];
            assert_eq!(applied, expected, "round {round}");
            assert_whole(&db, &projects[0], &schema, &format!("round {round}"));
        }
    }
}
