"""When embeddings or projections count as collapsed; read also where nothing is trained."""

from typing import Final

#: Below this deviation embeddings are a point. With mean cosine c between two utterances the
#: deviation is sqrt(1 - c) at the most, so 0.05 stands for c > 0.9975.
MIN_DEVIATION: Final = 0.05
#: Below this effective rank embeddings are a line: they do not even fill two directions.
MIN_EFFECTIVE_RANK: Final = 2.0
