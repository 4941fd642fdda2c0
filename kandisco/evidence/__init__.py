"""How much a formula may claim: errors on rows no fit has seen, residuals, rivals, and one verdict (``judge``) on all of it."""
