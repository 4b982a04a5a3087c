expect 2 quern trian
expect 2 quern nonsense
expect 2 quern help nonsense
expect 2 quern help train evaluate
expect 2 quern --train
expect 2 quern -- train
expect 2 quern ''
expect 2 quern ../quern-draw
expect 2 quern --completion csh
expect 2 quern --quiet
