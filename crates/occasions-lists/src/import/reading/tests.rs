mod cells;
mod contacts;
mod generated;
mod lists;
mod messy;
mod pasted;
mod shapes;
