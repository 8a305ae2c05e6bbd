"""Commands of `oratio aws`: the static part of Oratio on an account, by one CloudFormation stack."""
